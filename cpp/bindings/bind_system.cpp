// Facts about this build and this machine, the choice of instruction set, and the activations.
#include <pybind11/stl.h>

#include <cstdint>
#include <string>
#include <vector>

#include "arrays.h"
#include "bindings.h"
#include "skrnn/activations.h"
#include "skrnn/isa.h"
#include "skrnn/layer.h"
#include "skrnn/threads.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

#if defined(__clang__)
constexpr const char* kCompiler = "Clang " __clang_version__;
#elif defined(__GNUC__)
constexpr const char* kCompiler = "GCC " __VERSION__;
#elif defined(_MSC_VER)
#define SKRNN_TEXT_OF(number) #number
#define SKRNN_TEXT(number) SKRNN_TEXT_OF(number)
constexpr const char* kCompiler = "MSVC " SKRNN_TEXT(_MSC_FULL_VER);
#else
constexpr const char* kCompiler = "unknown";
#endif

std::vector<std::string> cell_names() {
  std::vector<std::string> names;
  for (const CellInfo& cell : cells()) names.push_back(cell.name);
  return names;
}

const char* name_of(Initial kind) {
  switch (kind) {
    case Initial::kZero:
      return "zero";
    case Initial::kGlorotUniform:
      return "glorot_uniform";
    case Initial::kOrthogonal:
      return "orthogonal";
    case Initial::kGateConstant:
      return "gate_constant";
  }
  return "";
}

py::tuple rule(SizeRule size) { return py::make_tuple(size.inputs, size.units); }

py::dict cell_description(const std::string& name) {
  using py::literals::operator""_a;
  const CellInfo cell = cell_info(name);
  py::list parameters, states;
  for (const ParameterInfo& p : cell.parameters) {
    const py::object columns = p.is_vector() ? py::object(py::none()) : rule(p.columns);
    parameters.append(py::dict("name"_a = p.name, "rows"_a = rule(p.rows), "columns"_a = columns,
                               "decays"_a = p.decays, "optional"_a = p.optional,
                               "initial"_a = name_of(p.initial.kind), "gate"_a = p.initial.gate,
                               "value"_a = p.initial.value));
  }
  for (const StateInfo& state : cell.states) {
    states.append(py::dict("name"_a = state.name, "width"_a = rule(state.width)));
  }
  return py::dict("parameters"_a = parameters, "states"_a = states);
}

using Activation = void (*)(const float* x, float* y, std::int64_t n);

// y = f(x) for every element of a float32 array of any length.
template <Activation f>
py::array activate(py::handle object) {
  const py::array x = float32_array(object, {"x"}, {{"N", kAny}});
  py::array y = new_float32({x.shape(0)});
  f(data_of(x), mutable_data_of(y), x.shape(0));
  return y;
}

}  // namespace

void register_system(py::module_& m) {
  // An unusable SKRNN_ISA should stop the import, not the first layer.
  active_isa();

  m.attr("compiler") = kCompiler;
  m.def("cells", &cell_names, "Names of the cells the kernels know.");
  m.def("cell_info", &cell_description, py::arg("name"),
        "The parameters and states of a cell, as a dict of two lists of dicts.\n\n"
        "parameters: name, rows and columns (as (i, h), which stands for i * I + h * H; columns is "
        "None for a vector), decays, optional, and its initial value: initial (\"zero\", "
        "\"glorot_uniform\" or \"orthogonal\" for each gate, or \"gate_constant\": `value` for "
        "gate `gate`, else zero).\n"
        "states: name, width.\n\n"
        "Raises ValueError, listing the cells, for an unknown name.");
  m.def("compiled_isas", &compiled_isas, "Instruction sets in this binary, best first.");
  m.def("available_isas", &available_isas, "Those of compiled_isas() that this CPU can run.");
  m.def("active_isa", &active_isa, "The instruction set of layers made from now on.");
  m.def("select_isa", &select_isa, py::arg("name"),
        "Layers made from now on use this instruction set; those that exist keep theirs.\n\n"
        "Raises ValueError, listing the choices, for a name that this CPU cannot run.");
  m.def("isa_lanes", &isa_lanes, "float32 lanes in a register of the active instruction set.");
  m.def("has_openmp", &has_openmp, "Whether the kernels can use more than one thread.");
  m.def("max_threads", &max_threads, "Threads a call with n_jobs=None may use.");
  m.def("sigmoid", &activate<&skrnn::sigmoid>, py::arg("x"),
        "1 / (1 + exp(-x)) of a 1-D float32 array, as the kernels compute it.");
  m.def("tanh", &activate<&skrnn::tanh>, py::arg("x"),
        "tanh(x) of a 1-D float32 array, as the kernels compute it.");
}

}  // namespace skrnn::bindings
