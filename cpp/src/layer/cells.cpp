#include "layer/cells.h"

#include "base/choice.h"
#include "layer/dispatch.h"
#include "skrnn/layer.h"

namespace skrnn {
namespace {

CellInfo info_of(const CellKernels& kernels) {
  return {kernels.name,
          {kernels.parameters, kernels.parameters + kernels.num_parameters},
          {kernels.states, kernels.states + kernels.num_states}};
}

}  // namespace

const CellKernels& find_cell(const KernelTable& table, const std::string& name) {
  return choose(table.cells, table.cells + table.num_cells, name, "cell");
}

std::vector<CellInfo> cells() {
  const KernelTable& table = active_kernels();
  std::vector<CellInfo> infos;
  for (int i = 0; i < table.num_cells; ++i) infos.push_back(info_of(table.cells[i]));
  return infos;
}

CellInfo cell_info(const std::string& name) { return info_of(find_cell(active_kernels(), name)); }

}  // namespace skrnn
