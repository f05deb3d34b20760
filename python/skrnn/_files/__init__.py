"""Models in files: safetensors, with everything that is no tensor as JSON in the metadata.

`_writing` and `_reading` are `skrnn.save` and `skrnn.load`. `_description` is what both of them and
`skrnn.runtime` know of the JSON, with `_fields`, `_values` and `_meanings` below it; as
`skrnn.runtime` does, they need NumPy only.
"""
