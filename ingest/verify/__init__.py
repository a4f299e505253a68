"""`orderlog verify`: why a webhook is not believed, told to whoever has its headers, its body and the settings.

The verdict is the source's own verifier's. What follows a refusal is a search: which one thing, or two, would have to
be otherwise for the signature to match. Neither a secret nor a right signature is ever shown.
"""
