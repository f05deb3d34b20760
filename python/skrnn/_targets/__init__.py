"""Target codecs: y to the targets of the engine, and its answers back."""
