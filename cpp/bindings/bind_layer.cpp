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

// One forward pass, kept for backward: the core's cache, and the arrays that backward reads again.
struct CacheObject {
  std::uint64_t layer_serial;
  Batch batch;
  Cache cache;
  std::int64_t steps;              // T
  std::int64_t batch_size;         // B
  py::array x;                     // [T, B, I]
  std::vector<py::object> state0;  // [B, H] each, or None
  py::array y;                     // [T, B, H]
};

LayerObject& layer_of(py::handle self) {
  return unwrap<LayerObject>(self, "self: expected a layer");
}

const float* data_or_null(const py::object& array) {
  return array.is_none() ? nullptr : data_of(py::reinterpret_borrow<py::array>(array));
}

std::vector<const float*> pointers(const std::vector<py::object>& arrays) {
  std::vector<const float*> result;
  for (const py::object& array : arrays) result.push_back(data_or_null(array));
  return result;
}

std::vector<float*> mutable_pointers(std::vector<py::array>& arrays) {
  std::vector<float*> result;
  for (py::array& array : arrays) result.push_back(mutable_data_of(array));
  return result;
}

// ---- Construction ----

// A size in messages: "4*H".
std::string text_of(SizeRule rule) {
  const int times = rule.inputs + rule.units;
  return (times == 1 ? "" : std::to_string(times) + "*") + (rule.units > 0 ? "H" : "I");
}

// Weights are packed when the layer is made, so later changes to the caller's arrays have no effect
// on the layer. What it returns as its parameters is therefore a read-only copy.
py::array read_only_copy(const py::array& array) {
  const py::array copy = py::module_::import("numpy").attr("array")(array);
  copy.attr("flags").attr("writeable") = false;
  return copy;
}

// The array of one parameter, or None. Sizes not yet known are kAny.
py::object parameter_array(py::handle value, const ParameterInfo& parameter, std::int64_t I,
                           std::int64_t H) {
  if (value.is_none() && parameter.optional) return py::none();
  const std::string row_text = text_of(parameter.rows), column_text = text_of(parameter.columns);
  const auto size = [&](SizeRule rule) { return H == kAny ? kAny : rule.of(I, H); };
  const Axis rows{row_text.c_str(), size(parameter.rows)};
  if (parameter.is_vector()) return read_only_copy(float32_array(value, {parameter.name}, {rows}));
  const Axis columns{column_text.c_str(), size(parameter.columns)};
  return read_only_copy(float32_array(value, {parameter.name}, {rows, columns}));
}

std::string listed(const CellInfo& cell) {
  std::string names;
  for (const ParameterInfo& parameter : cell.parameters) {
    names += (names.empty() ? "'" : ", '") + std::string(parameter.name) + "'";
  }
  return names;
}

// The values of `given` in the order of the cell's parameters, None where it has none.
std::vector<py::object> in_order(const CellInfo& cell, const py::dict& given) {
  std::vector<py::object> values;
  std::size_t found = 0;
  for (const ParameterInfo& parameter : cell.parameters) {
    const bool is_given = given.contains(parameter.name);
    if (!is_given && !parameter.optional) {
      throw py::type_error(std::string(parameter.name) + ": missing; cell '" + cell.name +
                           "' takes " + listed(cell));
    }
    values.push_back(is_given ? py::object(given[parameter.name]) : py::none());
    found += is_given ? 1 : 0;
  }
  if (found < given.size()) {
    throw py::type_error("cell '" + cell.name + "' takes " + listed(cell) + ", got " +
                         std::string(py::str(py::list(given))));
  }
  return values;
}

std::unique_ptr<LayerObject> make_layer(const std::string& cell_name, const py::dict& given,
                                        py::handle reverse) {
  static std::atomic<std::uint64_t> serials{0};
  const CellInfo cell = cell_info(cell_name);
  const std::vector<py::object> values = in_order(cell, given);
  std::vector<py::object> parameters;

  // The first parameter multiplies the input: its shape gives I and H.
  const ParameterInfo& first = cell.parameters.front();
  const py::array weight = parameter_array(values.front(), first, kAny, kAny);
  const std::int64_t I = weight.shape(1), H = weight.shape(0) / first.rows.units;
  if (H * first.rows.units != weight.shape(0) || H < 1 || I < 1) {
    throw py::value_error(std::string(first.name) + ": expected shape (" + text_of(first.rows) +
                          ", I) with H >= 1 and I >= 1, got (" + std::to_string(weight.shape(0)) +
                          ", " + std::to_string(I) + ")");
  }
  parameters.push_back(weight);
  std::int64_t products = first.size(I, H);  // multiply-adds of one step of one sequence
  for (std::size_t i = 1; i < values.size(); ++i) {
    const ParameterInfo& parameter = cell.parameters[i];
    parameters.push_back(parameter_array(values[i], parameter, I, H));
    if (!parameter.is_vector()) products += parameter.size(I, H);
  }
  Layer layer(cell_name, I, H, pointers(parameters));

  // Releasing the GIL costs some 100 ns, which pays off from a few microseconds of work on.
  constexpr std::int64_t kGilFreeWork = 100'000;  // multiply-adds
  return std::unique_ptr<LayerObject>(
      new LayerObject{std::move(layer), ++serials, flag(reverse, "reverse"), I, H,
                      StateArgument("state", cell, "", ""), StateArgument("out", cell, "", ""),
                      std::max<std::int64_t>(1, kGilFreeWork / products), std::move(parameters)});
}

py::dict parameters_of_layer(const LayerObject& layer) {
  py::dict result;
  for (std::size_t i = 0; i < layer.parameters.size(); ++i) {
    result[layer.layer.cell().parameters[i].name] = layer.parameters[i];
  }
  return result;
}

std::string layer_repr(py::handle self) {
  const LayerObject& layer = layer_of(self);
  return "<" + std::string(py::str(py::type::handle_of(self).attr("__name__"))) + " cell='" +
         layer.layer.cell().name + "' input_size=" + std::to_string(layer.input_size) +
         " hidden_size=" + std::to_string(layer.hidden_size) +
         (layer.reverse ? " reverse=True" : "") + " isa='" + layer.layer.isa() + "'>";
}

// ---- States ----

// The arrays [B, H] of a state, or None.
std::vector<py::object> state_arrays(py::handle value, const LayerObject& layer, std::int64_t batch,
                                     const StateArgument& argument) {
  const StateItems items = state_items(value.ptr(), argument);
  std::vector<py::object> arrays;
  for (std::size_t k = 0; k < argument.size(); ++k) {
    if (items.arrays[k] == Py_None) {
      arrays.push_back(py::none());
    } else {
      arrays.push_back(float32_array(items.arrays[k],
                                     {argument.items[k].c_str(), argument.roles[k].c_str()},
                                     {{"B", batch}, {"H", layer.hidden_size}}));
    }
  }
  return arrays;
}

// New arrays [B, H] for the states of a batch.
std::vector<py::array> new_state(const LayerObject& layer, std::int64_t batch) {
  std::vector<py::array> arrays;
  for (std::size_t k = 0; k < layer.layer.cell().states.size(); ++k) {
    arrays.push_back(new_float32({batch, layer.hidden_size}));
  }
  return arrays;
}

// ---- The two passes ----

py::tuple forward(py::handle self, py::handle x_object, py::handle state_object,
                  py::handle lengths_object, py::handle reverse, py::handle train,
                  py::handle n_jobs) {
  const LayerObject& layer = layer_of(self);
  py::array x = float32_array(x_object, {"x"}, {{"T", kAny}, {"B", kAny}, {"I", layer.input_size}});
  const std::int64_t steps = x.shape(0);
  const std::int64_t batch_size = x.shape(1);
  std::vector<py::object> state0 = state_arrays(
      state_object, layer, batch_size, StateArgument("state", layer.layer.cell(), "", "0"));
  const bool backwards = reverse.is_none() ? layer.reverse : flag(reverse, "reverse");
  const bool keep = flag(train, "train");
  const int threads = thread_count(n_jobs);
  std::vector<std::int64_t> lengths;
  if (!lengths_object.is_none()) lengths = sequence_lengths(lengths_object, batch_size, steps);

  py::array y = new_float32({steps, batch_size, layer.hidden_size});
  std::vector<py::array> state_n = new_state(layer, batch_size);

  // A batch without sequences has no steps, however large T is.
  Batch batch = Batch::padded(batch_size == 0 ? 0 : steps, batch_size,
                              lengths.empty() ? nullptr : lengths.data(), backwards);
  Cache cache;
  {
    const float* x_data = data_of(x);
    const std::vector<const float*> from = pointers(state0);
    float* y_data = mutable_data_of(y);
    const std::vector<float*> to = mutable_pointers(state_n);
    const py::gil_scoped_release nogil;
    layer.layer.forward(batch, x_data, from.data(), y_data, to.data(), keep ? &cache : nullptr,
                        threads);
  }

  py::object last = state_n.front();
  if (state_n.size() > 1) {
    py::tuple all(state_n.size());
    for (std::size_t k = 0; k < state_n.size(); ++k) all[k] = state_n[k];
    last = all;
  }
  if (!keep) return py::make_tuple(y, last);
  std::unique_ptr<CacheObject> saved(new CacheObject{layer.serial, std::move(batch),
                                                     std::move(cache), steps, batch_size,
                                                     std::move(x), std::move(state0), y});
  return py::make_tuple(y, last, py::cast(std::move(saved)));
}

py::dict backward(py::handle self, py::handle cache_object, py::handle dy_object,
                  py::handle dstate_object, py::handle n_jobs) {
  const LayerObject& layer = layer_of(self);
  const CacheObject& saved = unwrap<CacheObject>(
      cache_object, "cache: expected the cache that forward(..., train=True) returned");
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
  const CellInfo& cell = layer.layer.cell();
  const std::vector<py::object> dstate_n = state_arrays(dstate_object, layer, saved.batch_size,
                                                        StateArgument("dstate", cell, "d", "_n"));
  const int threads = thread_count(n_jobs);

  py::array dx = new_float32({saved.steps, saved.batch_size, layer.input_size});
  std::vector<py::array> dstate0 = new_state(layer, saved.batch_size);
  py::dict result;
  result["x"] = dx;
  for (std::size_t k = 0; k < dstate0.size(); ++k) {
    result[(std::string(cell.states[k].name) + "0").c_str()] = dstate0[k];
  }
  LayerGradients gradients;
  for (std::size_t i = 0; i < cell.parameters.size(); ++i) {
    const ParameterInfo& parameter = cell.parameters[i];
    gradients.push_back(nullptr);
    if (layer.parameters[i].is_none()) continue;
    const std::int64_t rows = parameter.rows.of(layer.input_size, layer.hidden_size);
    const std::int64_t columns = parameter.columns.of(layer.input_size, layer.hidden_size);
    py::array gradient = parameter.is_vector() ? new_float32({rows}) : new_float32({rows, columns});
    gradients.back() = mutable_data_of(gradient);
    result[parameter.name] = gradient;
  }
  {
    const float* x = data_of(saved.x);
    const std::vector<const float*> state0 = pointers(saved.state0);
    const float* y = data_of(saved.y);
    const float* dy_data = data_or_null(dy);
    const std::vector<const float*> from = pointers(dstate_n);
    float* dx_data = mutable_data_of(dx);
    const std::vector<float*> to = mutable_pointers(dstate0);
    const py::gil_scoped_release nogil;
    layer.layer.backward(saved.batch, x, state0.data(), y, saved.cache, dy_data, from.data(),
                         dx_data, to.data(), gradients, threads);
  }
  return result;
}

// ---- Pickling ----

// The state of an instance, and its __dict__ where a Python subclass has one. Unpickling packs the
// weights again, for the instruction set in use there.
py::tuple pickled(py::handle self) {
  const LayerObject& layer = layer_of(self);
  return py::make_tuple(layer.layer.cell().name, parameters_of_layer(layer), layer.reverse,
                        py::getattr(self, "__dict__", py::dict()));
}

py::tuple reduce(py::handle self) {
  return py::make_tuple(py::module_::import("copyreg").attr("__newobj__"),
                        py::make_tuple(py::type::of(self)), pickled(self));
}

std::pair<std::unique_ptr<LayerObject>, py::dict> unpickled(const py::tuple& state) {
  if (state.size() != 4) throw py::value_error("the pickled state of a layer has four parts");
  const auto attributes = state[3].cast<py::dict>();
  return {make_layer(state[0].cast<std::string>(), state[1].cast<py::dict>(), state[2]),
          attributes};
}

}  // namespace

void register_layer(py::module_& m) {
  auto cache = bind_class<CacheObject>(
      m, "Cache",
      "Values that forward(..., train=True) saves for backward.\n\n"
      "It refers to x, the initial state and y, which must not be changed before backward. It may "
      "serve any number of backward passes.",
      py::is_final());
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
      "Bytes held in addition to the arrays that the cache refers to.");

  auto layer = bind_class<LayerObject>(
      m, "Layer", "A recurrent layer of any cell; see the classes in skrnn.kernels.");
  layer.def(py::init(&make_layer), py::arg("cell"), py::arg("parameters"), py::kw_only(),
            py::arg("reverse") = false);
  layer.def("forward", &forward, py::arg("x"), py::arg("state") = py::none(), py::kw_only(),
            py::arg("lengths") = py::none(), py::arg("reverse") = py::none(),
            py::arg("train") = false, py::arg("n_jobs") = py::none(),
            "Run over whole sequences: (y, state_n), and the cache where train is True.");
  layer.def(
      "backward", &backward, py::arg("cache"), py::arg("dy"), py::arg("dstate") = py::none(),
      py::kw_only(), py::arg("n_jobs") = py::none(),
      "Gradients of a scalar loss, by the names of the input, the states and the parameters.");
  register_step(layer);
  layer.def(py::pickle(&pickled, &unpickled));
  // Every protocol goes through __new__ and __setstate__, as protocols 2 and later do by default.
  // Protocols 0 and 1 would make an instance without the type's __new__, which crashes pybind11.
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
  property("parameters", &parameters_of_layer,
           "dict of str to array of float32, or None : Read-only copies, by name, in the order of "
           "cell_info.");
}

}  // namespace skrnn::bindings
