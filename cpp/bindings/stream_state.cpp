// What a stream remembers, as NumPy arrays.
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

// One thing that a stream remembers, as an array.
struct Memory {
  const char* name;
  py::dtype dtype;
  std::vector<py::ssize_t> shape;
  std::vector<void*> parts;  // the array's first axis, or all of it
  std::size_t part_bytes;
};

std::vector<Memory> memories_of(StreamObject& self) {
  Stream& stream = self.stream;
  const py::ssize_t L = stream.num_layers(), B = self.B, H = stream.hidden_size();
  const auto states = static_cast<std::size_t>(B * H) * sizeof(float);
  Memory h{"h", py::dtype::of<float>(), {L, B, H}, {}, states};
  Memory c{"c", py::dtype::of<float>(), {L, B, H}, {}, states};
  for (std::int64_t layer = 0; layer < L; ++layer) {
    h.parts.push_back(stream.h(layer));
    if (stream.c(layer) != nullptr) c.parts.push_back(stream.c(layer));
  }
  std::vector<Memory> result;
  result.push_back(std::move(h));
  if (!c.parts.empty()) result.push_back(std::move(c));
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

// From an array for each of them, C-contiguous and of its dtype and shape.
void write(const std::vector<Memory>& memories, const std::vector<py::array>& arrays) {
  for (std::size_t i = 0; i < memories.size(); ++i) {
    const char* from = static_cast<const char*>(arrays[i].data());
    for (void* part : memories[i].parts) {
      std::memcpy(part, from, memories[i].part_bytes);
      from += memories[i].part_bytes;
    }
  }
}

void check_steps(const std::string& name, const py::array& array) {
  constexpr std::int64_t kMost = std::int64_t{1} << 53;  // what a mean in double can divide by
  const auto* steps = static_cast<const std::int64_t*>(array.data());
  for (py::ssize_t i = 0; i < array.size(); ++i) {
    if (steps[i] < 0 || steps[i] > kMost) {
      throw py::value_error(name + ": expected numbers of steps, 0..2**53, got " +
                            std::to_string(steps[i]));
    }
  }
}

// What a step could not read without answering NaN from then on. Of sequences that have not begun
// the pooled values stand for nothing, and may be infinite.
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
  for (const Memory& memory : memories_of(self)) {
    py::array array(memory.dtype, memory.shape);
    char* to = static_cast<char*>(array.mutable_data());
    for (const void* part : memory.parts) {
      std::memcpy(to, part, memory.part_bytes);
      to += memory.part_bytes;
    }
    result[memory.name] = array;
  }
  return result;
}

void set_state(StreamObject& self, py::handle value) {
  const std::vector<Memory> memories = memories_of(self);
  std::string names;
  for (const Memory& memory : memories)
    names += (names.empty() ? "'" : ", '") + std::string(memory.name) + "'";
  if (!PyDict_Check(value.ptr())) {
    throw py::type_error("state: expected a dict with " + names +
                         ", as another stream's state, got " + Py_TYPE(value.ptr())->tp_name);
  }
  const auto state = py::reinterpret_borrow<py::dict>(value);
  std::vector<py::array> arrays;
  for (const Memory& memory : memories) {
    if (!state.contains(memory.name) || state.size() != memories.size()) {
      throw py::value_error("state: expected " + names + ", got " +
                            std::string(py::str(py::list(state))) +
                            "; a state fits models of the same architecture");
    }
    const py::object item = state[memory.name];
    const std::string name = "state['" + std::string(memory.name) + "']";
    if (!py::isinstance<py::array>(item)) {
      throw py::type_error(name + ": expected an array, got " + Py_TYPE(item.ptr())->tp_name);
    }
    auto array = py::reinterpret_borrow<py::array>(item);
    const std::vector<py::ssize_t> shape(array.shape(), array.shape() + array.ndim());
    if (!array.dtype().equal(memory.dtype) || shape != memory.shape) {
      throw py::value_error(name + ": expected " + std::string(py::str(memory.dtype)) +
                            " of shape " + std::string(py::str(py::tuple(py::cast(memory.shape)))) +
                            ", got " + describe(array));
    }
    const py::module_ numpy = py::module_::import("numpy");
    array = numpy.attr("require")(array, py::none(), "CA");
    if (memory.shape.size() == 1) check_steps(name, array);
    arrays.push_back(array);
  }
  const py::array& steps = arrays.back();
  for (std::size_t i = 0; i + 1 < memories.size(); ++i) {
    const bool is_pooled = memories[i].shape.size() == 2;
    check_finite("state['" + std::string(memories[i].name) + "']", arrays[i],
                 is_pooled ? &steps : nullptr);
  }
  write(memories, arrays);
}

void restore_state(StreamObject& self, const py::dict& state) {
  const std::vector<Memory> memories = memories_of(self);
  std::vector<py::array> arrays;
  for (const Memory& memory : memories) arrays.emplace_back(state[memory.name]);
  write(memories, arrays);
}

}  // namespace skrnn::bindings
