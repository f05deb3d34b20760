"""Import time and memory of one library in a fresh interpreter. Run by size.py: LIBRARY FOLDER.

Prints the seconds of the import, bytes of resident memory over bare NumPy after the import, and
again after loading the model in FOLDER and predicting once, with the library's default number of
threads. No module that a library might need is imported here before, which would make its import
cheaper.
"""

import os
import sys
import time

beginning = time.perf_counter()
import numpy as np  # noqa: E402

numpy_seconds = time.perf_counter() - beginning

IMPORTS = {
    "skrnn.runtime": "import skrnn.runtime",
    "skrnn": "from skrnn import RNNClassifier, load",
    "torch": "import torch",
    "onnxruntime": "import onnxruntime",
    "openvino": "import openvino",
}


def resident():
    """Bytes of resident memory on Linux; None elsewhere."""
    try:
        with open("/proc/self/statm") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except FileNotFoundError:
        return None


def predict(library, folder, x):
    """Probabilities (1, K) for x of shape (T, C)."""
    if library == "skrnn.runtime":
        from skrnn import runtime

        return runtime.load(f"{folder}/model.skrnn").predict_proba([x])
    if library == "skrnn":
        import skrnn

        return skrnn.load(f"{folder}/model.skrnn").predict_proba([x])
    if library == "torch":
        import torch

        weights = torch.load(f"{folder}/model.pt", weights_only=True)
        hidden, classes = weights["head.weight"].shape[::-1]
        network = torch.nn.ModuleDict(
            {
                "rnn": torch.nn.LSTM(x.shape[1], hidden),
                "head": torch.nn.Linear(hidden, classes),
            }
        )
        network.load_state_dict(weights)
        with torch.inference_mode():
            _, (h, _) = network["rnn"](torch.from_numpy(x)[:, None])
            return torch.softmax(network["head"](h[0]), 1).numpy()
    if library == "onnxruntime":
        import onnxruntime

        session = onnxruntime.InferenceSession(
            f"{folder}/model.onnx", providers=["CPUExecutionProvider"]
        )
        return session.run(["probabilities"], {"x": x[:, None]})[0]
    import openvino

    # bfloat16 would give another result.
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    network = openvino.Core().compile_model(f"{folder}/model.onnx", "CPU", settings)
    return network({"x": x[:, None]})["probabilities"]


def main():
    library, folder = sys.argv[1:]
    x = np.load(f"{folder}/x.npy")
    bare = resident()

    start = time.perf_counter()
    exec(IMPORTS[library])
    seconds = time.perf_counter() - start
    imported = resident()
    module = sys.modules[library]

    answer = predict(library, folder, x)
    predicted = resident()

    import json

    print(
        json.dumps(
            {
                "file": module.__file__,
                "version": getattr(module, "__version__", None),
                "numpy_seconds": numpy_seconds,
                "numpy_memory": bare,
                "import_seconds": seconds,
                "memory_imported": None if bare is None else imported - bare,
                "memory_predicted": None if bare is None else predicted - bare,
                "answer": np.asarray(answer).ravel().tolist(),
            }
        )
    )


if __name__ == "__main__":
    main()
