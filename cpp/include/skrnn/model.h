// A trained model for prediction: on whole sequences, or step by step through a Stream (stream.h).
//
//   raw input -> operations on channels -> network -> outputs -> answers
//
// Answers are what the outputs mean under the loss, in float64 and in the units of the targets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "skrnn/loss.h"
#include "skrnn/network.h"

namespace skrnn {

// An operation with one number for each channel, applied to every step before the network reads it.
struct ChannelOperation {
  enum class Kind {
    kSubtract,
    kDivide,
    kMultiply,
    kAdd,
    kFill,  // replaces NaN, which means a missing value, and nothing else
  };
  Kind kind = Kind::kSubtract;
  std::vector<double> values;  // [C]
  // True: computed in float64 and rounded to the type of the input. False: `values` are rounded to
  // the type of the input first.
  bool in_float64 = true;
};

// "subtract", "divide", "multiply", "add" or "fill".
const char* name_of(ChannelOperation::Kind kind);
// The operation of that name. Throws std::invalid_argument for any other name.
ChannelOperation::Kind find_operation(const std::string& name);

struct ServingSettings {
  NetworkSettings network;
  LossSettings loss;
  std::int64_t targets = 1;                  // columns of targets
  std::vector<double> target_mean;           // [targets], or empty: the network's own units
  std::vector<double> target_scale;          // [targets], or empty
  std::vector<ChannelOperation> operations;  // one after the other; none for tokens
  // Numbers that a file has beside the network, by name, such as the series that a forecaster goes
  // on from. Prediction does not read them.
  std::map<std::string, std::vector<double>> arrays;

  // True if the raw input may hold NaN, because an operation fills it.
  bool fills_nan() const;
};

// How an RNNLanguageModel makes texts of its tokens.
struct TextSettings {
  std::string tokens;     // "char": letters, "word": words between blanks, else tokens of a list
  bool one_text = false;  // It was fitted on one long text, which has no end: the last token, which
                          // begins every text, is never written.
};

// How an RNNForecaster reads series and answers: the plan of its windows, and their units.
struct ForecastSettings {
  // A number y is read as (y - level) / scale. Without a scaling these are 0 and 1.
  enum class Scaling {
    kNone,
    kStandard,    // mean and standard deviation of the series
    kMeanAbs,     // 0, and the mean magnitude of the window
    kLast,        // the last value of the window, and the deviation of the series
    kSeason,      // as kLast; forecasts are differences from the last season
    kDifference,  // y is the difference from the step before
    kSeasonalDifference,
  };

  std::int64_t horizon = 1;          // steps to come that are asked for by default
  std::int64_t rows = 1, width = 1;  // a window is `rows` steps of the network, of `width` numbers
  std::int64_t steps = 1, step_width = 1;  // the network answers `steps` times `step_width` numbers
  std::int64_t seasonality = 1;            // steps of a season; 1 for none
  std::vector<std::int64_t> lags;          // as in Windows
  Scaling scaling = Scaling::kNone;
  std::int64_t covariates = 0;  // of each step of a series
  bool missing = false;         // whether NaN is a step that nobody observed
  double trust = 1;  // the part of what the network adds to its base that is taken, 0 to 1

  std::int64_t lookback() const { return rows * width; }     // numbers of a window
  std::int64_t block() const { return steps * step_width; }  // numbers of one answer
  // The season from which forecasts are differences, or 0.
  std::int64_t season() const { return scaling == Scaling::kSeason ? seasonality : 0; }
  // The lag of the differences that are forecast, or 0.
  std::int64_t difference() const {
    if (scaling == Scaling::kDifference) return 1;
    return scaling == Scaling::kSeasonalDifference ? seasonality : 0;
  }
  std::int64_t channels() const {  // of a row
    return width * (1 + static_cast<std::int64_t>(lags.size()) + covariates);
  }
};

// What an RNNAnomalyDetector has beside its network; see AnomalyStream.
struct AnomalySettings {
  std::int64_t rows = 1;   // of a window
  std::int64_t delay = 0;  // steps that a score waits for, less than a window has
  // [C], of each channel: what is subtracted from its numbers, what they are divided by, and the
  // mean error of its windows in training.
  std::vector<double> mean, scale, unit;
  double offset = 0;  // steps whose score is below it are outliers; streams do not read it
};

// A Model is a handle: copies share everything, and any number of threads may use one.
class Model {
 public:
  // `parameters` is the arena of NetworkLayout(settings.network), and is copied. Throws
  // std::invalid_argument for settings that do not fit one another.
  Model(const ServingSettings& settings, const float* parameters);

  // From a file of safetensors as the Python estimators save it. `path` is UTF-8 on Windows, and
  // bytes elsewhere. Throws std::system_error where the file cannot be read, and
  // std::invalid_argument where it is not a valid model; no content of the file is unsafe to read.
  static Model load(const std::string& path);
  static Model parse(const char* data, std::size_t size);

  const ServingSettings& settings() const;
  const NetworkLayout& network() const;
  const float* parameters() const;  // the arena
  // The description in the file, JSON; empty for a model that was not read from a file.
  const std::string& description() const;
  // The strings that the tokens 1, 2, ... stand for; 0 is any other string. Empty for a model whose
  // tokens are integers, or that was not read from a file. Throws std::invalid_argument for a
  // description in which this is something else.
  std::vector<std::string> vocabulary() const;
  // Nothing for another model than an RNNLanguageModel, or one that was not read from a file.
  // Throws std::invalid_argument as `vocabulary` does.
  std::optional<TextSettings> texts() const;
  // Nothing for another model than an RNNForecaster, or one that was not read from a file. Throws
  // std::invalid_argument for a description that does not suit the network.
  std::optional<ForecastSettings> forecasts() const;
  // Nothing for another model than an RNNAnomalyDetector, or one that was not read from a file.
  // Throws std::invalid_argument for a description in which this is something else.
  std::optional<AnomalySettings> anomalies() const;
  std::int64_t channels() const;  // C of the raw input; 1 for tokens
  // A: K probabilities, numbers for each target (with "quantile" Q for each), or with
  // "gaussian_nll" the means of all targets and then their standard deviations.
  std::int64_t answer_size() const;

  // [n, A], or [rows, A] where the network answers at every step; with transitions the
  // probabilities of a step's labels, given the whole sequence. `data` holds raw channels [rows,
  // C], or, for a network with an embedding, tokens below its input_size, and with characters the
  // spellings, too; side channels where the network reads some. `threads` <= 0 means max_threads().
  // Throws std::invalid_argument for a sequence without steps, where spellings are missing, for
  // another number of side channels, and for windows of other channels or covariates than the
  // network reads, or where the model has operations. Returns false if `keep_going` (may be null)
  // did; the answers are then incomplete.
  bool predict(const SequenceData& data, double* answers, int threads,
               KeepGoing keep_going = nullptr, void* context = nullptr) const;
  // The same for channels that `prepare` returned.
  bool predict_prepared(const SequenceData& data, double* answers, int threads,
                        KeepGoing keep_going = nullptr, void* context = nullptr) const;

  // The mean absolute error of the outputs for each window from its targets, [n], in units of the
  // window; NaN for one without targets. Throws std::invalid_argument for data without windows and
  // a network that has not one output for each target, and otherwise as predict.
  bool window_errors(const SequenceData& data, double* errors, int threads,
                     KeepGoing keep_going = nullptr, void* context = nullptr) const;

  // Of a network with transitions: the n most probable paths of labels, best first (Viterbi).
  // Labels are [n, rows], and their log-probabilities `scores` [n, data.size]; if a sequence has
  // fewer paths, the rest have log-probability -infinity. Of equally probable paths the first has
  // the smaller label at the last step where they differ. Throws std::invalid_argument for a
  // network without transitions and for n < 1, and otherwise as predict.
  bool best_paths(const SequenceData& data, std::int64_t n, std::int64_t* labels, double* scores,
                  int threads, KeepGoing keep_going = nullptr, void* context = nullptr) const;
  // The same for channels that `prepare` returned.
  bool best_paths_prepared(const SequenceData& data, std::int64_t n, std::int64_t* labels,
                           double* scores, int threads, KeepGoing keep_going = nullptr,
                           void* context = nullptr) const;

  // The channels of `rows` steps in the form that the network reads: after all operations, float32.
  void prepare(std::int64_t rows, const float* raw, float* prepared) const noexcept;
  void prepare(std::int64_t rows, const double* raw, float* prepared) const noexcept;

  struct Impl;

 private:
  friend class Stream;
  friend class WindowStream;
  explicit Model(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

}  // namespace skrnn
