"""One classifier, written as a file for each library. Run by size.py with FOLDER and the peers."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from _problems import Problem
from peers.ours import classifier

LSTM = Problem.make("lstm", T=100, B=1, I=64, H=64).with_head(10)


def main() -> None:
    folder, peers = Path(sys.argv[1]), sys.argv[2:]
    estimator = classifier(LSTM)
    estimator.save(folder / "model.skrnn")
    np.save(folder / "x.npy", LSTM.x[:, 0])
    try:
        if "torch" in peers:
            import torch

            weights = {name: torch.from_numpy(array) for name, array in estimator.params_.items()}
            torch.save(weights, folder / "model.pt")
        if {"onnxruntime", "openvino"} & set(peers):
            from peers.onnx_model import onnx_model

            (folder / "model.onnx").write_bytes(onnx_model(LSTM, carried_state=False))
    except ImportError as error:
        print(f"no model for the peers that need it: {error}")


if __name__ == "__main__":
    main()
