// Checked access to arguments that are not arrays.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>
#include <vector>

#include "skrnn/layer.h"

namespace skrnn::bindings {

// The value of a flag; throws TypeError for anything but a bool.
bool flag(pybind11::handle value, const char* name);

// The value of an integer of `least` or more. Throws TypeError for anything but an integer, and
// ValueError for one that is less or does not fit into int64.
std::int64_t integer_from(pybind11::handle value, const char* name, std::int64_t least);

// Threads a call may use: 0, which stands for skrnn::max_threads(), for None; negative counts as in
// scikit-learn, -1 being all.
int thread_count(pybind11::handle n_jobs);

// The B lengths of sequences of at most T steps, from a list or a 1-D array of integers. Throws
// TypeError or ValueError naming the first that is not an integer in 1..T.
std::vector<std::int64_t> sequence_lengths(pybind11::handle value, std::int64_t batch,
                                           std::int64_t steps);

// An argument that is a state of a cell, or has its shape, and the names for it in error messages.
struct StateArgument {
  std::string name;                // "dstate"
  std::vector<std::string> items;  // "dstate[0]", "dstate[1]", or "dstate" alone
  std::vector<std::string> roles;  // "dh_n", "dc_n"
  std::string symbols;             // "(dh_n, dc_n)"

  StateArgument(const char* name, const CellInfo& cell, const std::string& before,
                const std::string& after);

  std::size_t size() const { return roles.size(); }
};

// The arrays of a state argument, each of which may be None. The references are borrowed from
// `owner`, or from the caller's object if `owner` is null.
struct StateItems {
  PyObject* arrays[kMostStates];
  pybind11::object owner;
};

// The slow path of state_items: lists, subclasses of tuple, and errors.
StateItems unusual_state_items(PyObject* value, const StateArgument& argument);

// A cell with several states takes a tuple, a cell with one state the array itself; None stands for
// None in every place.
inline StateItems state_items(PyObject* value, const StateArgument& argument) {
  StateItems items;
  const std::size_t size = argument.size();
  if (size == 1) {
    items.arrays[0] = value;
  } else if (PyTuple_CheckExact(value) &&
             PyTuple_GET_SIZE(value) == static_cast<Py_ssize_t>(size)) {
    for (std::size_t k = 0; k < size; ++k) {
      items.arrays[k] = PyTuple_GET_ITEM(value, static_cast<Py_ssize_t>(k));
    }
  } else if (value == Py_None) {
    for (std::size_t k = 0; k < size; ++k) items.arrays[k] = Py_None;
  } else {
    return unusual_state_items(value, argument);
  }
  return items;
}

}  // namespace skrnn::bindings
