// Lets Ctrl-C end a long call that holds no GIL.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <optional>

namespace skrnn::bindings {

// Runs `call(keep_going, context)` without the GIL. `call` should call keep_going now and then,
// which checks for Python signals every 50 ms; an exception from a signal handler
// (KeyboardInterrupt) stops the call and is rethrown here.
template <class Call>
auto without_gil(const Call& call) {
  struct Context {
    std::chrono::steady_clock::time_point last = std::chrono::steady_clock::now();
    std::optional<pybind11::error_already_set> error;
  } context;
  const auto keep_going = [](void* pointer) {
    auto& self = *static_cast<Context*>(pointer);
    const auto now = std::chrono::steady_clock::now();
    if (now - self.last < std::chrono::milliseconds(50)) return true;
    self.last = now;
    const pybind11::gil_scoped_acquire gil;
    if (PyErr_CheckSignals() == 0) return true;
    self.error.emplace();
    return false;
  };
  auto result = [&] {
    const pybind11::gil_scoped_release release;
    return call(+keep_going, static_cast<void*>(&context));
  }();
  if (context.error) throw pybind11::error_already_set(*context.error);
  return result;
}

}  // namespace skrnn::bindings
