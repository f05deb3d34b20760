// Checks of the numbers in docs/simd.md, an LSTM with I = 3 and H = 5 on 4 lanes, with the kernels.
// See check_kernels.cpp for how to build and run.
#include <cstdio>
#include <string>
#include <vector>

#include "expect.h"
#include "layer/dispatch.h"
#include "skrnn/isa.h"

namespace {

using skrnn::Index;

constexpr Index I = 3, H = 5, G = 4, kLanes = 4;
constexpr skrnn::LayerShape kShape{I, H};

// Distinct numbers that a float represents exactly.
std::vector<float> numbered(Index n, float first) {
  std::vector<float> numbers(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) numbers[i] = first + static_cast<float>(i);
  return numbers;
}

// Indices in the packed forward weights: of entry k of [x, h] for gate g of unit u, and of its
// bias.
Index weight_at(Index g, Index u, Index k) {
  return 128 * (u / kLanes) + 16 * k + kLanes * g + u % kLanes;
}
Index bias_at(Index g, Index u) { return 256 + 16 * (u / kLanes) + kLanes * g + u % kLanes; }

// The inner dimension of the backward products.
Index gate_at(Index g, Index u) { return 16 * (u / kLanes) + kLanes * g + u % kLanes; }

void check_sizes(const skrnn::CellKernels& lstm) {
  expect(lstm.forward_size(kShape) == 288, "the packed forward weights are 288 floats");
  expect(lstm.backward_size(kShape) == 1024, "the packed backward weights are 1024 floats");
  expect(lstm.dgates_size(H) == 32, "a row of gate gradients is 16 floats in each of two panels");
  expect(lstm.gradient_panels(H) == 2, "there are two panels");
  expect(lstm.padded_size(H) == 16, "a row of dL/dh is 16 floats");
}

void check_places(const skrnn::CellKernels& lstm) {
  const std::vector<float> weight_ih = numbered(G * H * I, 1000),
                           weight_hh = numbered(G * H * H, 1);
  const std::vector<float> bias_ih = numbered(G * H, 2000), bias_hh = numbered(G * H, 4000);
  const float* parameters[] = {weight_ih.data(), weight_hh.data(), bias_ih.data(), bias_hh.data()};
  std::vector<float> forward(288), backward(1024);
  lstm.pack_forward(kShape, parameters, forward.data());
  lstm.pack_backward(kShape, parameters, backward.data());

  expect(weight_at(1, 4, I + 2) == 212, "weight_hh[9, 2] is at 212");
  std::vector<float> expected(288, 0.0f), expected_back(1024, 0.0f);
  for (Index g = 0; g < G; ++g) {
    for (Index u = 0; u < H; ++u) {
      const Index row = g * H + u;
      for (Index k = 0; k < I; ++k) {
        expected[weight_at(g, u, k)] = weight_ih[row * I + k];
        expected_back[512 + 16 * gate_at(g, u) + k] = weight_ih[row * I + k];
      }
      for (Index k = 0; k < H; ++k) {
        expected[weight_at(g, u, I + k)] = weight_hh[row * H + k];
        expected_back[16 * gate_at(g, u) + k] = weight_hh[row * H + k];
      }
      expected[bias_at(g, u)] = bias_ih[row] + bias_hh[row];
    }
  }
  expect(forward == expected, "forward weights have the documented layout");
  expect(backward == expected_back, "backward weights have the documented layout");

  // A packed gradient has the layout of the weights.
  std::vector<float> dweight_ih(G * H * I), dweight_hh(G * H * H), dbias(G * H);
  float* gradients[] = {dweight_ih.data(), dweight_hh.data(), dbias.data(), nullptr};
  lstm.unpack_gradient(kShape, forward.data(), gradients);
  expect(dweight_ih == weight_ih && dweight_hh == weight_hh,
         "a gradient has the index of its weight");
}

}  // namespace

int main() {
  // The baseline of x86-64 and ARM has 4 lanes; that of other processors may have fewer.
  for (const std::string& isa : skrnn::available_isas()) {
    skrnn::select_isa(isa);
    const skrnn::KernelTable& table = skrnn::active_kernels();
    if (table.lanes != kLanes) continue;
    for (int i = 0; i < table.num_cells; ++i) {
      if (std::string(table.cells[i].name) != "lstm") continue;
      std::printf("%s\n", table.isa);
      check_sizes(table.cells[i]);
      check_places(table.cells[i]);
    }
  }
  return conclusion();
}
