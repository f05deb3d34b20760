// The state of a stream as NumPy arrays.
#include <pybind11/stl.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "arrays.h"
#include "stream_object.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

// One array of the state.
struct Item {
  const char* name;
  py::dtype dtype;
  std::vector<py::ssize_t> shape;
  std::vector<void*> parts;  // places in the stream: one for each index of the first axis, or one
  std::size_t part_bytes;
};

std::vector<Item> items_of(StreamObject& self) {
  Stream& stream = self.stream;
  const py::ssize_t L = stream.num_layers(), B = self.B, H = stream.hidden_size();
  const auto bytes = static_cast<std::size_t>(B * H) * sizeof(float);
  const std::vector<StateInfo>& states = stream.cell().states;
  std::vector<Item> result;
  for (std::size_t k = 0; k < states.size(); ++k) {
    result.push_back({states[k].name, py::dtype::of<float>(), {L, B, H}, {}, bytes});
    for (std::int64_t layer = 0; layer < L; ++layer) {
      result.back().parts.push_back(stream.state(layer, k));
    }
  }
  if (stream.pooled() != nullptr) {
    const py::ssize_t columns = stream.pooled_size();
    result.push_back({"pooled",
                      py::dtype::of<double>(),
                      {B, columns},
                      {stream.pooled()},
                      static_cast<std::size_t>(B * columns) * sizeof(double)});
  }
  result.push_back({"steps",
                    py::dtype::of<std::int64_t>(),
                    {B},
                    {stream.steps()},
                    static_cast<std::size_t>(B) * sizeof(std::int64_t)});
  return result;
}

// Writes to the stream one array for each item, C-contiguous and of the item's dtype and shape.
void write(const std::vector<Item>& items, const std::vector<py::array>& arrays) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    const char* from = static_cast<const char*>(arrays[i].data());
    for (void* part : items[i].parts) {
      std::memcpy(part, from, items[i].part_bytes);
      from += items[i].part_bytes;
    }
  }
}

void check_steps(const std::string& name, const py::array& array) {
  constexpr std::int64_t kMost = std::int64_t{1}
                                 << 53;  // the largest count that float64 holds exactly
  const auto* steps = static_cast<const std::int64_t*>(array.data());
  for (py::ssize_t i = 0; i < array.size(); ++i) {
    if (steps[i] < 0 || steps[i] > kMost) {
      throw py::value_error(name + ": expected numbers of steps, 0..2**53, got " +
                            std::to_string(steps[i]));
    }
  }
}

// Throws for values that would make all later answers NaN. The pooled values of a sequence without
// steps are not read, and may be infinite.
void check_finite(const std::string& name, const py::array& array, const py::array* steps) {
  const bool is_double = array.itemsize() == sizeof(double);
  const py::ssize_t columns = steps == nullptr ? 1 : array.shape(1);
  constexpr double kMost = std::numeric_limits<float>::max();
  for (py::ssize_t i = 0; i < array.size(); ++i) {
    const double value = is_double
                             ? static_cast<const double*>(array.data())[i]
                             : static_cast<double>(static_cast<const float*>(array.data())[i]);
    const bool begun =
        steps == nullptr || static_cast<const std::int64_t*>(steps->data())[i / columns] > 0;
    if (std::isnan(value) || (begun && std::abs(value) > kMost)) {
      const std::string what = std::isnan(value) ? "NaN" : std::string(py::str(py::float_(value)));
      throw py::value_error(name + ": holds " + what + ", which would spoil all that follows");
    }
  }
}

}  // namespace

py::dict state_of(StreamObject& self) {
  py::dict result;
  for (const Item& item : items_of(self)) {
    py::array array(item.dtype, item.shape);
    char* to = static_cast<char*>(array.mutable_data());
    for (const void* part : item.parts) {
      std::memcpy(to, part, item.part_bytes);
      to += item.part_bytes;
    }
    result[item.name] = array;
  }
  return result;
}

void set_state(StreamObject& self, py::handle value) {
  const std::vector<Item> items = items_of(self);
  std::string names;
  for (const Item& item : items)
    names += (names.empty() ? "'" : ", '") + std::string(item.name) + "'";
  if (!PyDict_Check(value.ptr())) {
    throw py::type_error("state: expected a dict with " + names +
                         ", as another stream's state, got " + Py_TYPE(value.ptr())->tp_name);
  }
  const auto state = py::reinterpret_borrow<py::dict>(value);
  std::vector<py::array> arrays;
  for (const Item& item : items) {
    if (!state.contains(item.name) || state.size() != items.size()) {
      throw py::value_error("state: expected " + names + ", got " +
                            std::string(py::str(py::list(state))) +
                            "; a state fits models of the same architecture");
    }
    const py::object given = state[item.name];
    const std::string name = "state['" + std::string(item.name) + "']";
    if (!py::isinstance<py::array>(given)) {
      throw py::type_error(name + ": expected an array, got " + Py_TYPE(given.ptr())->tp_name);
    }
    auto array = py::reinterpret_borrow<py::array>(given);
    const std::vector<py::ssize_t> shape(array.shape(), array.shape() + array.ndim());
    if (!array.dtype().equal(item.dtype) || shape != item.shape) {
      throw py::value_error(name + ": expected " + std::string(py::str(item.dtype)) + " of shape " +
                            std::string(py::str(py::tuple(py::cast(item.shape)))) + ", got " +
                            describe(array));
    }
    const py::module_ numpy = py::module_::import("numpy");
    array = numpy.attr("require")(array, py::none(), "CA");
    if (item.shape.size() == 1) check_steps(name, array);
    arrays.push_back(array);
  }
  const py::array& steps = arrays.back();
  for (std::size_t i = 0; i + 1 < items.size(); ++i) {
    const bool is_pooled = items[i].shape.size() == 2;
    check_finite("state['" + std::string(items[i].name) + "']", arrays[i],
                 is_pooled ? &steps : nullptr);
  }
  write(items, arrays);
}

void restore_state(StreamObject& self, const py::dict& state) {
  const std::vector<Item> items = items_of(self);
  std::vector<py::array> arrays;
  for (const Item& item : items) arrays.emplace_back(state[item.name]);
  write(items, arrays);
}

}  // namespace skrnn::bindings
