// Windows of series, which may overlap, as the sequences that a network reads: views of one array,
// so that memory is that of the series.
#pragma once

#include <cstdint>

namespace skrnn {

// Window i begins with number starts[i] of an array. A row of it holds, one behind the other:
//   - the `width` numbers that are next in the window;
//   - for each lag the `width` numbers that lie `lags[k]` before those of the row after it: with
//   the
//     length of a season as the lag, what was observed a season before what comes next;
//   - `covariates` numbers of a second array.
// Numbers of the first array are taken in units of the window, as (number - levels[i]) / scales[i].
struct Windows {
  const std::int64_t* starts = nullptr;  // [n]; null: no windows
  std::int64_t width = 0;
  const float* levels = nullptr;  // [n], or null for zeros
  const float* scales = nullptr;  // [n], or null for ones
  const std::int64_t* lags = nullptr;
  std::int64_t num_lags = 0;

  // The targets are the numbers that follow a window in this array, which is as long as the first;
  // NaN is none. Null: they are those of the first.
  const float* following = nullptr;
  // True: targets are those of the window itself, from its first number on, and not what follows
  // it: of a network that reconstructs what it reads.
  bool reconstructs = false;
  // With a season, targets are differences from the number of the same place in the last season
  // of the window, and not from its level: what a network adds to the seasonal naive forecast.
  std::int64_t season = 0;

  // Covariates of window i begin with number covariate_starts[i] of their array; those of the
  // `horizon` steps to come, `future_covariates` for each, follow those of the window's rows.
  const float* covariate_values = nullptr;
  const std::int64_t* covariate_starts = nullptr;  // [n]
  std::int64_t covariates = 0;
  std::int64_t horizon = 0;
  std::int64_t future_covariates = 0;

  explicit operator bool() const { return starts != nullptr; }
  std::int64_t channels() const { return width * (1 + num_lags) + covariates; }  // of a row

  // Writes row `row` of window i, [channels()]. `numbers` is the first array.
  void read(const float* numbers, std::int64_t i, std::int64_t row, float* to) const {
    const float* from = numbers + starts[i] + row * width;
    to = in_units(i, from, to);
    for (std::int64_t k = 0; k < num_lags; ++k) to = in_units(i, from + width - lags[k], to);
    const float* beside = covariate_values + (covariates > 0 ? covariate_starts[i] : 0);
    for (std::int64_t k = 0; k < covariates; ++k) to[k] = beside[row * covariates + k];
  }

  // The covariates of a step to come, [future_covariates], of a window of `rows` rows.
  const float* future(std::int64_t i, std::int64_t rows, std::int64_t step) const {
    return covariate_values + covariate_starts[i] + rows * covariates + step * future_covariates;
  }

  // The number of the array that is the first target of a window of `rows` rows.
  std::int64_t first_target(std::int64_t i, std::int64_t rows) const {
    return reconstructs ? starts[i] : starts[i] + rows * width;
  }

  // Writes `count` targets of a window of `rows` rows, from target `first` on.
  void read_targets(const float* numbers, std::int64_t i, std::int64_t rows, std::int64_t first,
                    std::int64_t count, float* to) const {
    const std::int64_t begin = first_target(i, rows);
    const float* from = (following != nullptr ? following : numbers) + begin;
    const float level = levels != nullptr ? levels[i] : 0.0f;
    const float scale = scales != nullptr ? scales[i] : 1.0f;
    for (std::int64_t k = first; k < first + count; ++k, ++to) {
      const float base = season > 0 ? numbers[begin - season + k % season] : level;
      *to = (from[k] - base) / scale;
    }
  }

 private:
  float* in_units(std::int64_t i, const float* from, float* to) const {
    const float level = levels != nullptr ? levels[i] : 0.0f;
    const float scale = scales != nullptr ? scales[i] : 1.0f;
    for (std::int64_t k = 0; k < width; ++k) to[k] = (from[k] - level) / scale;
    return to + width;
  }
};

}  // namespace skrnn
