// Checked access to the arguments of a layer that are not arrays.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>
#include <vector>

namespace skrnn::bindings {

// The value of a flag; throws TypeError for anything but a bool.
bool flag(pybind11::handle value, const char* name);

// Threads a call may use: 0, which stands for skrnn::max_threads(), for None; negative counts as in
// scikit-learn, -1 being all.
int thread_count(pybind11::handle n_jobs);

// The B lengths of sequences of at most T steps, from a list or a 1-D array of integers. Throws
// TypeError or ValueError naming the first that is not an integer in 1..T.
std::vector<std::int64_t> sequence_lengths(pybind11::handle value, std::int64_t batch,
                                           std::int64_t steps);

// The arrays of a state, or of what is shaped like one. They are borrowed from `owner`, or from the
// caller's value where that is null.
struct StateItems {
  PyObject* h = Py_None;
  PyObject* c = Py_None;
  pybind11::object owner;
};

// The part of state_items that is not on step's usual path.
StateItems unusual_state_items(PyObject* value, const char* name, const char* symbols);

// Cells with two states take a pair, the others the array itself; None is all None. `symbols` says
// in messages what the pair holds, as in "(h0, c0)".
inline StateItems state_items(PyObject* value, int states, const char* name, const char* symbols) {
  StateItems items;
  if (states == 1) {
    items.h = value;
  } else if (PyTuple_CheckExact(value) && PyTuple_GET_SIZE(value) == 2) {
    items.h = PyTuple_GET_ITEM(value, 0);
    items.c = PyTuple_GET_ITEM(value, 1);
  } else if (value != Py_None) {
    return unusual_state_items(value, name, symbols);
  }
  return items;
}

}  // namespace skrnn::bindings
