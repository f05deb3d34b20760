#include "arguments.h"

#include <algorithm>
#include <thread>

#include "arrays.h"
#include "skrnn/threads.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

std::string repr_of(py::handle object) { return std::string(py::repr(object)); }

std::string type_name(py::handle object) { return Py_TYPE(object.ptr())->tp_name; }

bool is_integer(py::handle object) {
  return PyIndex_Check(object.ptr()) && !PyBool_Check(object.ptr());
}

// Integers too large for the type become its largest or smallest.
std::int64_t clipped_integer(py::handle object) {
  const Py_ssize_t value = PyNumber_AsSsize_t(object.ptr(), nullptr);
  if (value == -1 && PyErr_Occurred()) throw py::error_already_set();
  return value;
}

// Upper limit of threads: more never help, and OpenMP aborts the process if it cannot start them.
std::int64_t most_threads() {
  return std::max<std::int64_t>(64, 2 * std::int64_t{std::thread::hardware_concurrency()});
}

std::vector<std::int64_t> integers_of_list(py::handle value) {
  // A copy, because __index__ of an item may change the list.
  const auto items = py::reinterpret_steal<py::tuple>(PySequence_Tuple(value.ptr()));
  if (!items) throw py::error_already_set();
  std::vector<std::int64_t> integers;
  for (const py::handle item : items) {
    if (!is_integer(item)) {
      throw py::type_error("lengths: expected integers, got " + repr_of(item) + " (" +
                           type_name(item) + ") at index " + std::to_string(integers.size()));
    }
    integers.push_back(clipped_integer(item));
  }
  return integers;
}

std::vector<std::int64_t> integers_of_array(const py::array& array) {
  const char kind = array.dtype().kind();
  if (array.ndim() != 1 || (kind != 'i' && kind != 'u')) {
    throw py::value_error("lengths: expected a 1-D array of integers, got " + describe(array));
  }
  // Unsigned values beyond int64 turn negative, so they stay out of range.
  const py::array integers = array.attr("astype")("int64");
  std::vector<std::int64_t> values(static_cast<std::size_t>(integers.shape(0)));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = *static_cast<const std::int64_t*>(integers.data(static_cast<py::ssize_t>(i)));
  }
  return values;
}

}  // namespace

bool flag(py::handle value, const char* name) {
  py::detail::make_caster<bool> caster;
  if (!caster.load(value, /*convert=*/false)) {
    throw py::type_error(std::string(name) + ": expected True or False, got " + repr_of(value));
  }
  return static_cast<bool>(caster);
}

std::int64_t integer_from(py::handle value, const char* name, std::int64_t least) {
  if (!is_integer(value)) {
    throw py::type_error(std::string(name) + ": expected an integer, got " + repr_of(value) + " (" +
                         type_name(value) + ")");
  }
  const auto index = py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
  if (!index) throw py::error_already_set();
  int overflow = 0;
  const std::int64_t result = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
  if (overflow > 0) {
    throw py::value_error(std::string(name) + ": expected an integer below 2**63, got " +
                          std::string(py::str(index)));
  }
  if (overflow < 0 || result < least) {
    throw py::value_error(std::string(name) + ": expected an integer of " + std::to_string(least) +
                          " or more, got " + std::string(py::str(index)));
  }
  return result;
}

int thread_count(py::handle n_jobs) {
  if (n_jobs.is_none()) return 0;
  if (!is_integer(n_jobs)) {
    throw py::type_error("n_jobs: expected None or an integer, got " + repr_of(n_jobs) + " (" +
                         type_name(n_jobs) + ")");
  }
  std::int64_t count = clipped_integer(n_jobs);
  if (count == 0) {
    throw py::value_error(
        "n_jobs: expected None, a positive count, or a negative one (-1 for all "
        "threads), got 0");
  }
  if (count < 0) count = std::max<std::int64_t>(1, max_threads() + 1 + count);
  return static_cast<int>(std::min(count, most_threads()));
}

std::vector<std::int64_t> sequence_lengths(py::handle value, std::int64_t batch,
                                           std::int64_t steps) {
  py::object items = py::reinterpret_borrow<py::object>(value);
  std::vector<std::int64_t> lengths;
  if (PyList_Check(value.ptr()) || PyTuple_Check(value.ptr()) || PyRange_Check(value.ptr())) {
    lengths = integers_of_list(value);
  } else {
    items = try_array(value);
    if (!items) {
      throw py::type_error("lengths: expected a list or 1-D array of integers, got " +
                           type_name(value));
    }
    lengths = integers_of_array(py::reinterpret_borrow<py::array>(items));
  }
  if (static_cast<std::int64_t>(lengths.size()) != batch) {
    throw py::value_error("lengths: expected B = " + std::to_string(batch) +
                          " integers, one a sequence, got " + std::to_string(lengths.size()));
  }
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] >= 1 && lengths[i] <= steps) continue;
    const py::object item = items[py::int_(i)];
    throw py::value_error("lengths: expected values in 1..T with T = " + std::to_string(steps) +
                          ", got " + std::string(py::str(item)) + " at index " + std::to_string(i));
  }
  return lengths;
}

StateArgument::StateArgument(const char* argument, const CellInfo& cell, const std::string& before,
                             const std::string& after)
    : name(argument) {
  for (const StateInfo& state : cell.states) {
    items.push_back(cell.states.size() == 1 ? name
                                            : name + "[" + std::to_string(items.size()) + "]");
    roles.push_back(before + state.name + after);
    symbols += (symbols.empty() ? "(" : ", ") + roles.back();
  }
  symbols += ")";
}

StateItems unusual_state_items(PyObject* value, const StateArgument& argument) {
  const std::string expected = argument.name + ": expected a tuple " + argument.symbols + ", got ";
  if (!PyTuple_Check(value) && !PyList_Check(value)) {
    throw py::type_error(expected + type_name(value));
  }
  StateItems items;
  items.owner = py::reinterpret_steal<py::object>(PySequence_Tuple(value));
  if (!items.owner) throw py::error_already_set();
  const auto size = static_cast<std::size_t>(PyTuple_GET_SIZE(items.owner.ptr()));
  if (size != argument.size()) {
    throw py::value_error(expected + "a " + type_name(value) + " of length " +
                          std::to_string(size));
  }
  for (std::size_t k = 0; k < size; ++k) {
    items.arrays[k] = PyTuple_GET_ITEM(items.owner.ptr(), static_cast<Py_ssize_t>(k));
  }
  return items;
}

}  // namespace skrnn::bindings
