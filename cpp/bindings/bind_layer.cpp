// Layer: the constructor, forward, backward and pickling; and Cache, which ties the two passes
// together. step has a file of its own.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arguments.h"
#include "arrays.h"
#include "bind_step.h"
#include "bindings.h"
#include "bound.h"
#include "layer_object.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

// A forward pass as backward needs it: what the core saved, and the arrays it reads again.
struct CacheObject {
  std::uint64_t layer_serial;
  Batch batch;
  Cache cache;
  std::int64_t steps;       // T
  std::int64_t batch_size;  // B
  py::array x;              // [T, B, I]
  py::object h0;            // [B, H] or None
  py::object c0;            // [B, H] or None
  py::array y;              // [T, B, H]
};

LayerObject& layer_of(py::handle self) {
  return unwrap<LayerObject>(self, "self: expected a layer");
}

const float* data_or_null(const py::object& array) {
  return array.is_none() ? nullptr : data_of(py::reinterpret_borrow<py::array>(array));
}

// ---- Construction ----

CellInfo find_cell(const std::string& name) {
  std::string names;
  for (CellInfo& cell : cells()) {
    if (cell.name == name) return std::move(cell);
    names += (names.empty() ? "'" : ", '") + cell.name + "'";
  }
  throw py::value_error("cell: expected one of " + names + ", got '" + name + "'");
}

// Weights are packed when the layer is made, so a caller who changes an array later would be misled
// by reading it back from the layer. Hence a copy of our own that nobody can write to.
py::array read_only_copy(const py::array& array) {
  const py::array copy = py::module_::import("numpy").attr("array")(array);
  copy.attr("flags").attr("writeable") = false;
  return copy;
}

py::object bias_copy(py::handle bias, const char* name, Axis rows) {
  if (bias.is_none()) return py::none();
  return read_only_copy(float32_array(bias, {name}, {rows}));
}

std::unique_ptr<LayerObject> make_layer(const std::string& cell_name, py::handle weight_ih,
                                        py::handle weight_hh, py::handle bias_ih,
                                        py::handle bias_hh, py::handle reverse) {
  static std::atomic<std::uint64_t> serials{0};
  const CellInfo cell = find_cell(cell_name);
  const std::string rows_symbol = cell.gates == 1 ? "H" : std::to_string(cell.gates) + "*H";

  const py::array ih = read_only_copy(
      float32_array(weight_ih, {"weight_ih"}, {{rows_symbol.c_str(), kAny}, {"I", kAny}}));
  const Axis rows{rows_symbol.c_str(), ih.shape(0)};
  const std::int64_t hidden_size = ih.shape(0) / cell.gates;
  if (hidden_size * cell.gates != ih.shape(0) || hidden_size < 1 || ih.shape(1) < 1) {
    throw py::value_error("weight_ih: expected shape (" + rows_symbol +
                          ", I) with H >= 1 and I >= 1, got (" + std::to_string(ih.shape(0)) +
                          ", " + std::to_string(ih.shape(1)) + ")");
  }
  const py::array hh =
      read_only_copy(float32_array(weight_hh, {"weight_hh"}, {rows, {"H", hidden_size}}));
  py::object b_ih = bias_copy(bias_ih, "bias_ih", rows);
  py::object b_hh = bias_copy(bias_hh, "bias_hh", rows);

  const Weights weights{data_of(ih), data_of(hh), data_or_null(b_ih), data_or_null(b_hh)};
  Layer layer(cell_name, ih.shape(1), hidden_size, weights);

  // Letting other threads run costs some 100 ns, worth it from a few microseconds of work on.
  constexpr std::int64_t kGilFreeWork = 100'000;  // multiply-adds
  const std::int64_t row_work = ih.shape(0) * (ih.shape(1) + hidden_size);
  return std::unique_ptr<LayerObject>(
      new LayerObject{std::move(layer), ++serials, flag(reverse, "reverse"), ih.shape(1),
                      hidden_size, cell.states, std::max<std::int64_t>(1, kGilFreeWork / row_work),
                      ih, hh, std::move(b_ih), std::move(b_hh)});
}

std::string layer_repr(py::handle self) {
  const LayerObject& layer = layer_of(self);
  return "<" + std::string(py::str(py::type::handle_of(self).attr("__name__"))) + " cell='" +
         layer.layer.cell().name + "' input_size=" + std::to_string(layer.input_size) +
         " hidden_size=" + std::to_string(layer.hidden_size) +
         (layer.reverse ? " reverse=True" : "") + " isa='" + layer.layer.isa() + "'>";
}

// ---- States ----

struct StateArrays {
  py::object h = py::none();  // [B, H] or None
  py::object c = py::none();  // [B, H] or None

  State pointers() const { return {data_or_null(h), data_or_null(c)}; }
};

// The names that messages use for a state and its parts.
struct StateNames {
  const char* name;
  const char* items[2];
  const char* roles[2];
  const char* symbols;
};
constexpr StateNames kState0{"state", {"state[0]", "state[1]"}, {"h0", "c0"}, "(h0, c0)"};
constexpr StateNames kDState{
    "dstate", {"dstate[0]", "dstate[1]"}, {"dh_n", "dc_n"}, "(dh_n, dc_n)"};

StateArrays state_arrays(py::handle value, const LayerObject& layer, std::int64_t batch,
                         const StateNames& names) {
  const StateItems items = state_items(value.ptr(), layer.states, names.name, names.symbols);
  const bool pair = layer.states == 2;
  const auto load = [&](PyObject* item, int i) -> py::object {
    if (item == Py_None) return py::none();
    return float32_array(item, {pair ? names.items[i] : names.name, names.roles[i]},
                         {{"B", batch}, {"H", layer.hidden_size}});
  };
  return {load(items.h, 0), load(items.c, 1)};
}

// New arrays for the states of a batch.
struct NewState {
  py::array h;   // [B, H]
  py::object c;  // [B, H], or None where the cell has none

  NewState(const LayerObject& layer, std::int64_t batch)
      : h(new_float32({batch, layer.hidden_size})), c(py::none()) {
    if (layer.states == 2) c = new_float32({batch, layer.hidden_size});
  }
  MutableState pointers() { return {mutable_data_of(h), const_cast<float*>(data_or_null(c))}; }
};

// ---- The two passes ----

py::tuple forward(py::handle self, py::handle x_object, py::handle state_object,
                  py::handle lengths_object, py::handle reverse, py::handle train,
                  py::handle n_jobs) {
  const LayerObject& layer = layer_of(self);
  py::array x = float32_array(x_object, {"x"}, {{"T", kAny}, {"B", kAny}, {"I", layer.input_size}});
  const std::int64_t steps = x.shape(0);
  const std::int64_t batch_size = x.shape(1);
  StateArrays state0 = state_arrays(state_object, layer, batch_size, kState0);
  const bool backwards = reverse.is_none() ? layer.reverse : flag(reverse, "reverse");
  const bool keep = flag(train, "train");
  const int threads = thread_count(n_jobs);
  std::vector<std::int64_t> lengths;
  if (!lengths_object.is_none()) lengths = sequence_lengths(lengths_object, batch_size, steps);

  py::array y = new_float32({steps, batch_size, layer.hidden_size});
  NewState state_n(layer, batch_size);

  // No sequences have no steps, however large T is.
  Batch batch = Batch::padded(batch_size == 0 ? 0 : steps, batch_size,
                              lengths.empty() ? nullptr : lengths.data(), backwards);
  Cache cache;
  {
    const float* x_data = data_of(x);
    const State from = state0.pointers();
    float* y_data = mutable_data_of(y);
    const MutableState to = state_n.pointers();
    const py::gil_scoped_release nogil;
    layer.layer.forward(batch, x_data, from, y_data, to, keep ? &cache : nullptr, threads);
  }

  const py::object last =
      layer.states == 2 ? py::object(py::make_tuple(state_n.h, state_n.c)) : py::object(state_n.h);
  if (!keep) return py::make_tuple(y, last);
  std::unique_ptr<CacheObject> saved(
      new CacheObject{layer.serial, std::move(batch), std::move(cache), steps, batch_size,
                      std::move(x), std::move(state0.h), std::move(state0.c), y});
  return py::make_tuple(y, last, py::cast(std::move(saved)));
}

py::dict backward(py::handle self, py::handle cache_object, py::handle dy_object,
                  py::handle dstate_object, py::handle n_jobs) {
  const LayerObject& layer = layer_of(self);
  const CacheObject& saved =
      unwrap<CacheObject>(cache_object, "cache: expected what forward(..., train=True) returned");
  if (saved.layer_serial != layer.serial) {
    throw py::value_error("cache: made by the forward pass of another layer");
  }
  if (dy_object.is_none() && dstate_object.is_none()) {
    throw py::value_error("dy: expected an array of shape (T, B, H), or a dstate, got neither");
  }
  py::object dy = py::none();
  if (!dy_object.is_none()) {
    dy = float32_array(dy_object, {"dy"},
                       {{"T", saved.steps}, {"B", saved.batch_size}, {"H", layer.hidden_size}});
  }
  const StateArrays dstate_n = state_arrays(dstate_object, layer, saved.batch_size, kDState);
  const int threads = thread_count(n_jobs);

  const std::int64_t gate_rows = layer.layer.cell().gates * layer.hidden_size;  // G * H
  py::array dx = new_float32({saved.steps, saved.batch_size, layer.input_size});
  NewState dstate0(layer, saved.batch_size);
  py::array dweight_ih = new_float32({gate_rows, layer.input_size});
  py::array dweight_hh = new_float32({gate_rows, layer.hidden_size});
  py::dict result;
  result["x"] = dx;
  result["h0"] = dstate0.h;
  if (layer.states == 2) result["c0"] = dstate0.c;
  result["weight_ih"] = dweight_ih;
  result["weight_hh"] = dweight_hh;
  const auto bias_gradient = [&](const py::object& bias, const char* name) -> float* {
    if (bias.is_none()) return nullptr;
    py::array gradient = new_float32({gate_rows});
    result[name] = gradient;
    return mutable_data_of(gradient);
  };
  const WeightGradients gradients{mutable_data_of(dweight_ih), mutable_data_of(dweight_hh),
                                  bias_gradient(layer.bias_ih, "bias_ih"),
                                  bias_gradient(layer.bias_hh, "bias_hh")};
  {
    const float* x = data_of(saved.x);
    const State state0{data_or_null(saved.h0), data_or_null(saved.c0)};
    const float* y = data_of(saved.y);
    const float* dy_data = data_or_null(dy);
    const State dstate_n_data = dstate_n.pointers();
    float* dx_data = mutable_data_of(dx);
    const MutableState dstate0_data = dstate0.pointers();
    const py::gil_scoped_release nogil;
    layer.layer.backward(saved.batch, x, state0, y, saved.cache, dy_data, dstate_n_data, dx_data,
                         dstate0_data, gradients, threads);
  }
  return result;
}

// ---- Pickling ----

// The state of an instance, and its __dict__ where a Python subclass has one. Weights are packed
// anew on the other side, for the instruction set there.
py::tuple get_state(py::handle self) {
  const LayerObject& layer = layer_of(self);
  return py::make_tuple(layer.layer.cell().name, layer.weight_ih, layer.weight_hh, layer.bias_ih,
                        layer.bias_hh, layer.reverse, py::getattr(self, "__dict__", py::dict()));
}

py::tuple reduce(py::handle self) {
  return py::make_tuple(py::module_::import("copyreg").attr("__newobj__"),
                        py::make_tuple(py::type::of(self)), get_state(self));
}

std::pair<std::unique_ptr<LayerObject>, py::dict> set_state(const py::tuple& state) {
  if (state.size() != 7) throw py::value_error("the pickled state of a layer has seven parts");
  const auto attributes = state[6].cast<py::dict>();
  return {
      make_layer(state[0].cast<std::string>(), state[1], state[2], state[3], state[4], state[5]),
      attributes};
}

}  // namespace

void register_layer(py::module_& m) {
  // Ordinary Python types: that __init__ ran is unwrap's business, not a metaclass's.
  const py::metaclass type(reinterpret_cast<PyObject*>(&PyType_Type));
  py::class_<CacheObject> cache(
      m, "Cache", type,
      "What forward(..., train=True) keeps for backward.\n\n"
      "It refers to x, the initial state and y, which must not be changed before backward. It may "
      "serve any number of backward passes.",
      py::is_final());
  bound_type<CacheObject> = reinterpret_cast<PyTypeObject*>(cache.ptr());
  const auto refuse_pickling = [](py::handle, const py::args&) -> py::object {
    throw py::type_error("a cache cannot be pickled; run forward(..., train=True) again");
  };
  cache.def("__reduce_ex__", refuse_pickling);
  cache.def("__reduce__", refuse_pickling);
  cache.def_property_readonly(
      "nbytes",
      [](py::handle self) {
        return unwrap<CacheObject>(self, "self: expected a cache").cache.nbytes();
      },
      "Bytes held besides the arrays it refers to.");

  py::class_<LayerObject> layer(m, "Layer", type,
                                "A recurrent layer of any cell; see the classes in skrnn.kernels.");
  bound_type<LayerObject> = reinterpret_cast<PyTypeObject*>(layer.ptr());
  layer.def(py::init(&make_layer), py::arg("cell"), py::arg("weight_ih"), py::arg("weight_hh"),
            py::arg("bias_ih") = py::none(), py::arg("bias_hh") = py::none(), py::kw_only(),
            py::arg("reverse") = false);
  layer.def("forward", &forward, py::arg("x"), py::arg("state") = py::none(), py::kw_only(),
            py::arg("lengths") = py::none(), py::arg("reverse") = py::none(),
            py::arg("train") = false, py::arg("n_jobs") = py::none(),
            "Run over whole sequences: (y, state_n), and the cache where train is True.");
  layer.def("backward", &backward, py::arg("cache"), py::arg("dy"), py::arg("dstate") = py::none(),
            py::kw_only(), py::arg("n_jobs") = py::none(),
            "Gradients of a scalar loss, by the names of what they belong to.");
  register_step(layer);
  layer.def(py::pickle(&get_state, &set_state));
  // Every protocol goes through __new__ and __setstate__, as 2 and later do by themselves:
  // protocols 0 and 1 would make an instance without asking the type, which pybind11 cannot
  // survive.
  layer.def("__reduce__", &reduce);
  layer.def(
      "__reduce_ex__", [](py::handle self, py::handle) { return reduce(self); },
      py::arg("protocol"));
  layer.def("__repr__", &layer_repr);

  const auto property = [&layer](const char* name, auto get, const char* documentation) {
    layer.def_property_readonly(
        name, [get](py::handle self) { return get(layer_of(self)); }, documentation);
  };
  property(
      "cell", [](const LayerObject& o) { return o.layer.cell().name; },
      "str : Name of the cell, one of skrnn.cells().");
  property(
      "input_size", [](const LayerObject& o) { return o.input_size; }, "int : Input channels I.");
  property(
      "hidden_size", [](const LayerObject& o) { return o.hidden_size; }, "int : Hidden units H.");
  property(
      "isa", [](const LayerObject& o) { return o.layer.isa(); },
      "str : The instruction set this layer runs on.");
  property(
      "reverse", [](const LayerObject& o) { return o.reverse; },
      "bool : Whether forward reads sequences from their last step unless told otherwise.");
  property(
      "weight_ih", [](const LayerObject& o) { return o.weight_ih; },
      "array of shape (G*H, I), float32 : A read-only copy.");
  property(
      "weight_hh", [](const LayerObject& o) { return o.weight_hh; },
      "array of shape (G*H, H), float32 : A read-only copy.");
  property(
      "bias_ih", [](const LayerObject& o) { return o.bias_ih; },
      "array of shape (G*H,), float32, or None : A read-only copy.");
  property(
      "bias_hh", [](const LayerObject& o) { return o.bias_hh; },
      "array of shape (G*H,), float32, or None : A read-only copy.");
}

}  // namespace skrnn::bindings
