"""A packed linear layer gives what the plain one does, and follows its weights."""

import pytest
import torch

from molmo_point.kernels.packed_linear import PackedLinear, can_pack, packed_linear_reference

TOLERANCE = 2e-5
"""Sums of at most 576 products of normal numbers, float32, in another order."""


def layer(inner, outer, bias=True, dtype=torch.float32):
    torch.manual_seed(0)
    return PackedLinear(inner, outer, bias=bias).to(dtype)


def assert_close(ours, theirs):
    assert ours.shape == theirs.shape
    assert torch.allclose(ours, theirs, atol=TOLERANCE)


@torch.inference_mode()
@pytest.mark.parametrize("shape", [(1, 7), (3, 33, 7), (0, 7), (2, 1, 576)], ids=str)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("activation", ["none", "gelu"])
def test_it_is_the_plain_form(shape, bias, activation):
    linear = layer(shape[-1], 19, bias)
    assert can_pack(linear.weight)
    x = torch.randn(shape)
    expected = packed_linear_reference(x, linear.weight, linear.bias, activation)
    assert_close(linear(x, activation), expected)
    assert (linear._packed is not None) == bool(x.numel())  # else the reference is what ran
    residual = torch.randn(*shape[:-1], 19)
    expected = packed_linear_reference(x, linear.weight, linear.bias, residual=residual)
    assert_close(linear(x, residual=residual), expected)


@torch.inference_mode()
def test_strided_rows_and_half_precision():
    linear = layer(16, 8)
    x = torch.randn(9, 32)[::2, ::2]
    assert_close(linear(x), torch.nn.functional.linear(x, linear.weight, linear.bias))
    assert linear._packed is not None
    half = layer(16, 8, dtype=torch.bfloat16)
    assert not can_pack(half.weight)
    x = x.bfloat16()
    assert torch.equal(half(x), torch.nn.functional.linear(x, half.weight, half.bias))


def test_changed_weights_are_packed_again():
    linear = layer(12, 5)
    x = torch.randn(4, 12)
    with torch.inference_mode():
        before = linear(x)
    assert linear._packed is not None
    with torch.no_grad():
        linear.weight.mul_(2)
        linear.bias.zero_()
    with torch.inference_mode():
        after = linear(x)
    assert not torch.allclose(before, after)
    assert_close(after, x @ linear.weight.T)


@pytest.mark.parametrize("options", [{"activation": "gelu"}, {"residual": torch.ones(2, 3)}])
def test_gradients_are_those_of_the_plain_form(options):
    linear = layer(6, 3)
    x, ahead = torch.randn(2, 6, requires_grad=True), torch.randn(2, 3)
    with torch.inference_mode():
        linear(x)  # what was packed before must not be used
    wanted = (x, linear.weight, linear.bias)
    plain = packed_linear_reference(*wanted, **options)
    ours = torch.autograd.grad(linear(x, **options), wanted, ahead)
    for mine, theirs in zip(ours, torch.autograd.grad(plain, wanted, ahead), strict=True):
        assert_close(mine, theirs)


def test_a_copy_shares_parameters():
    plain = torch.nn.Linear(4, 2)
    packed = PackedLinear.like(plain)
    assert packed.weight is plain.weight
    assert packed.bias is plain.bias
