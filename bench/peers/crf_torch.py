"""PyTorch's side of the linear-chain CRF, as fast as we could write it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from _problems import Array, Problem
from peers.contender import Contender, repeated

Tensors = tuple[Any, ...]  # loss, and gradients by emissions, transitions, start, end


def crf(problem: Problem, threads: int) -> list[Contender]:
    """Log space and scaling under autograd; forward-backward without it."""
    e = torch.from_numpy(problem.x)
    scores = tuple(torch.from_numpy(problem.weights[n]) for n in ("transitions", "start", "end"))
    y = torch.from_numpy(problem.classes_of_steps)
    variants = {"log space": _log_space, "scaled": _scaled}
    works: dict[str, Callable[[], Tensors]] = {
        name: partial(_by_autograd, forward, e, scores, y) for name, forward in variants.items()
    }
    works["written out"] = partial(_written_out, e, scores, y)

    def result(work: Callable[[], Tensors]) -> dict[str, Array]:
        names = ("loss", "emissions", "transitions", "start", "end")
        return {n: a.detach().numpy().reshape(-1) for n, a in zip(names, work(), strict=True)}

    prepare = partial(torch.set_num_threads, threads)
    return [
        Contender("torch", name, repeated(work), partial(result, work), prepare)
        for name, work in works.items()
    ]


def _by_autograd(forward: Callable[..., Any], e: Any, scores: Tensors, y: Any) -> Tensors:
    leaves = [a.detach().requires_grad_() for a in (e, *scores)]
    log_z = forward(*leaves)
    loss = (log_z - _path(*leaves, y)).sum() / y.numel()
    return (loss, *torch.autograd.grad(loss, leaves))


def _path(e: Any, between: Any, start: Any, end: Any, y: Any) -> Any:
    """The scores of the labels y (T, B)."""
    steps = e.gather(2, y[:, :, None]).squeeze(2).sum(0)
    return start[y[0]] + steps + between[y[:-1], y[1:]].sum(0) + end[y[-1]]


def _log_space(e: Any, between: Any, start: Any, end: Any) -> Any:
    alpha = start + e[0]
    for e_t in e[1:].unbind(0):
        alpha = torch.logsumexp(alpha[:, :, None] + between, 1) + e_t
    return torch.logsumexp(alpha + end, 1)


def _scaled(e: Any, between: Any, start: Any, end: Any) -> Any:
    most = e.detach().amax(2, keepdim=True)
    terms, onward = (e - most).exp(), between.exp()
    a, sums = start.exp() * terms[0], []
    for x_t in terms[1:].unbind(0):
        c = a.sum(1, keepdim=True)
        sums.append(c)
        a = torch.mm(a / c, onward) * x_t
    sums.append((a @ end.exp())[:, None])
    return torch.cat(sums, 1).log().sum(1) + most.sum((0, 2))


@torch.no_grad()
def _written_out(e: Any, scores: Tensors, y: Any) -> Tensors:
    between, start, end = scores
    T, B, K = e.shape
    most = e.amax(2, keepdim=True)
    x, onward = (e - most).exp_(), between.exp()
    back = onward.t().contiguous()
    a, sums = torch.empty_like(x), torch.empty(T, B, 1)
    torch.mul(start.exp(), x[0], out=a[0])
    for t, (now, c) in enumerate(zip(a.unbind(0), sums.unbind(0), strict=True)):
        if t:
            torch.mm(a[t - 1], onward, out=now)
            now.mul_(x[t])
        torch.sum(now, 1, keepdim=True, out=c)
        now.div_(c)
    last = end.exp()
    log_z = sums.log().sum((0, 2)) + (a[-1] @ last).log() + most.sum((0, 2))

    b, xs = torch.empty_like(x), x.unbind(0)
    bs, cs = b.unbind(0), sums.unbind(0)
    bs[-1].copy_(last.expand(B, K))
    for t in range(T - 1, 0, -1):  # x becomes x b / c, which the pairs need as well
        xs[t].mul_(bs[t]).div_(cs[t])
        torch.mm(xs[t], back, out=bs[t - 1])
    z = (a[-1] @ last)[:, None] * (T * B)
    de = a * b
    de.div_(z)
    dstart, dend = de[0].sum(0), de[-1].sum(0)
    dbetween = torch.mm(a[:-1].div(z).view(-1, K).t(), x[1:].view(-1, K)).mul_(onward)

    share = 1.0 / (T * B)
    loss = (log_z - _path(e, between, start, end, y)).sum() * share
    less = torch.full((1,), -share)
    de.scatter_add_(2, y[:, :, None], less.expand(T, B, 1))
    dbetween.view(-1).index_add_(0, (y[:-1] * K + y[1:]).reshape(-1), less.expand((T - 1) * B))
    dstart.index_add_(0, y[0], less.expand(B))
    dend.index_add_(0, y[-1], less.expand(B))
    return loss, de, dbetween, dstart, dend
