#include "window_arrays.h"

#include <pybind11/pybind11.h>

#include <algorithm>
#include <string>

#include "arguments.h"
#include "arrays.h"
#include "bindings.h"
#include "bound.h"
#include "integer_arrays.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

const float* optional_floats(py::handle object, Argument argument, Axis axis, py::array& kept) {
  if (object.is_none()) return nullptr;
  kept = float32_array(object, argument, {axis});
  return data_of(kept);
}

[[noreturn]] void refuse(std::int64_t window, const std::string& reads, std::int64_t count) {
  throw py::value_error("values: window " + std::to_string(window) + " reads " + reads +
                        ", and there are 0.." + std::to_string(count - 1));
}

std::string range_text(const char* what, std::int64_t begin, std::int64_t end) {
  return std::string(what) + " " + std::to_string(begin) + ".." + std::to_string(end - 1);
}

}  // namespace

WindowArrays::WindowArrays(py::handle numbers_object, py::handle starts_object, std::int64_t width,
                           py::handle levels_object, py::handle scales_object,
                           py::handle lags_object, py::handle following_object, bool reconstructs,
                           std::int64_t season, py::handle covariates_object)
    : numbers(float32_array(numbers_object, {"numbers"}, {{"N", kAny}})),
      starts(int64_array(starts_object, "starts")) {
  const std::int64_t n = starts.shape(0);
  windows.starts = integers_of(starts);
  windows.width = width;
  if (width < 1) {
    throw py::value_error("width must be at least 1, got " + std::to_string(width));
  }
  windows.levels = optional_floats(levels_object, {"levels"}, {"n", n}, levels);
  windows.scales = optional_floats(scales_object, {"scales"}, {"n", n}, scales);
  windows.following =
      optional_floats(following_object, {"following"}, {"N", numbers.shape(0)}, following);
  for (const py::handle lag : lags_object) lags.push_back(integer_from(lag, "lags", width));
  windows.lags = lags.data();
  windows.num_lags = static_cast<std::int64_t>(lags.size());
  windows.reconstructs = reconstructs;
  windows.season = season;
  if (season < 0) {
    throw py::value_error("season must not be negative, got " + std::to_string(season));
  }
  if (reconstructs && season > 0) {
    throw py::value_error("season must be 0 where windows are reconstructed, got " +
                          std::to_string(season));
  }
  if (!covariates_object.is_none()) read_covariates(covariates_object);
}

void WindowArrays::read_covariates(py::handle object) {
  if (!py::isinstance<py::tuple>(object) || py::len(object) != 4) {
    throw py::type_error(
        "covariates: expected a tuple (values, starts, of a row, of a step to come)");
  }
  const auto items = py::reinterpret_borrow<py::tuple>(object);
  covariates = float32_array(items[0], {"covariates: values"}, {{"S", kAny}});
  covariate_starts = int64_array(items[1], "covariates: starts");
  if (covariate_starts.shape(0) != starts.shape(0)) {
    throw py::value_error("covariates: starts: expected " + std::to_string(starts.shape(0)) +
                          ", one of each window, got " + std::to_string(covariate_starts.shape(0)));
  }
  windows.covariate_values = data_of(covariates);
  windows.covariate_starts = integers_of(covariate_starts);
  windows.covariates = integer_from(items[2], "covariates: of a row", 0);
  windows.future_covariates = integer_from(items[3], "covariates: of a step to come", 0);
}

void WindowArrays::check(const NetworkSettings& settings, const SequenceData& data,
                         std::int64_t targets) const {
  if (starts.shape(0) != data.size) {
    throw py::value_error("values: starts: expected " + std::to_string(data.size) +
                          ", one of each window, got " + std::to_string(starts.shape(0)));
  }
  if (windows.channels() != settings.input_size) {
    throw py::value_error("values: rows of windows have " + std::to_string(windows.channels()) +
                          " channels, and the network reads " +
                          std::to_string(settings.input_size));
  }
  if (windows.future_covariates != settings.future_covariates) {
    throw py::value_error(
        "values: steps to come have " + std::to_string(windows.future_covariates) +
        " covariates, and the network reads " + std::to_string(settings.future_covariates));
  }
  constexpr std::int64_t kMost = std::int64_t{1} << 60;
  const std::int64_t longest = lags.empty() ? 0 : *std::max_element(lags.begin(), lags.end());
  const std::int64_t count = numbers.shape(0),
                     future = settings.horizon * windows.future_covariates;
  const std::int64_t width = windows.width, of_row = windows.covariates;
  for (std::int64_t i = 0; i < data.size; ++i) {
    const std::int64_t start = windows.starts[i], rows = data.offsets[i + 1] - data.offsets[i];
    if (start < 0 || start > count || rows > (count - start) / width) {
      refuse(i, range_text("numbers", start, start + std::min(rows, kMost / width) * width), count);
    }
    if (longest > 0 && start + width < longest) {
      refuse(i, "from number " + std::to_string(start + width - longest) + " on", count);
    }
    const std::int64_t target = windows.first_target(i, rows);
    if (targets > count - target) {
      refuse(i, range_text("targets", target, target + targets), count);
    }
    if (targets > 0 && windows.season > target) {
      refuse(i, "a season from number " + std::to_string(target - windows.season) + " on", count);
    }
    if (windows.covariate_starts == nullptr) continue;
    const std::int64_t first = windows.covariate_starts[i], size = covariates.shape(0);
    if (first < 0 || first > size || future > size - first ||
        (of_row > 0 && rows > (size - first - future) / of_row)) {
      refuse(i, range_text("covariates", first, first + rows * of_row + future), size);
    }
  }
}

void register_windows(py::module_& m) {
  auto windows = bind_class<WindowArrays>(
      m, "Windows", "Windows of series, which a network reads as its sequences, without a copy.");
  windows.def(py::init<py::handle, py::handle, std::int64_t, py::handle, py::handle, py::handle,
                       py::handle, bool, std::int64_t, py::handle>(),
              py::arg("numbers"), py::arg("starts"), py::kw_only(), py::arg("width") = 1,
              py::arg("levels") = py::none(), py::arg("scales") = py::none(),
              py::arg("lags") = py::tuple(), py::arg("following") = py::none(),
              py::arg("reconstructs") = false, py::arg("season") = 0,
              py::arg("covariates") = py::none(),
              "As skrnn::Windows has them, by name; covariates are a tuple (values, starts, of a "
              "row, of a step to come).");
}

}  // namespace skrnn::bindings
