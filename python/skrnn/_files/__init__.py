"""Models in files: tensors as safetensors, everything else as JSON in the metadata.

`writing` implements `skrnn.save`, and `reading` `skrnn.load`. Both, and `skrnn.runtime`, use
`description`, which reads the JSON with `fields`, `values` and `meanings`; these need NumPy only,
as `skrnn.runtime` does.
"""
