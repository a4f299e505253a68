"""`orderlog demo`: real traffic through every part, and a checker that does not take the parts' word for it."""
