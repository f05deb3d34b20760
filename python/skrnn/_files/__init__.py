"""Models in files: safetensors, with everything that is no tensor as JSON in the metadata.

`writing` is `skrnn.save`, and `reading` is behind `skrnn.load`. `description` is what both of them
and `skrnn.runtime` know of the JSON, with `fields`, `values` and `meanings` below it; as
`skrnn.runtime` does, they need NumPy only.
"""
