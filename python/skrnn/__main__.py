"""``python -m skrnn`` prints what a bug report should contain."""

from __future__ import annotations

from skrnn import show_versions

if __name__ == "__main__":
    show_versions()
