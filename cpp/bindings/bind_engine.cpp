// NetworkLayout and Trainer: the engine under the estimators. Private: the estimators check user
// input; a wrong shape is an error here, too, but the messages are for developers.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arguments.h"
#include "arrays.h"
#include "bindings.h"
#include "bound.h"
#include "exclusive_use.h"
#include "interruption.h"
#include "sequence_arrays.h"
#include "skrnn/network.h"
#include "skrnn/trainer.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

NetworkLayout make_layout(const std::string& cell, std::int64_t input_size,
                          std::int64_t embedding_size, std::int64_t hidden_size,
                          std::int64_t num_layers, bool bidirectional, const std::string& pooling,
                          std::int64_t output_size, std::int64_t characters,
                          std::int64_t character_embedding_size, std::int64_t character_hidden_size,
                          bool tie_weights, bool transitions, std::int64_t side_channels,
                          std::int64_t projection_size, std::int64_t horizon,
                          std::int64_t future_covariates) {
  NetworkSettings settings;
  settings.cell = cell;
  settings.input_size = input_size;
  settings.embedding_size = embedding_size;
  settings.hidden_size = hidden_size;
  settings.num_layers = num_layers;
  settings.bidirectional = bidirectional;
  settings.pooling = find_pooling(pooling);
  settings.output_size = output_size;
  settings.characters = characters;
  settings.character_embedding_size = character_embedding_size;
  settings.character_hidden_size = character_hidden_size;
  settings.tie_weights = tie_weights;
  settings.transitions = transitions;
  settings.side_channels = side_channels;
  settings.projection_size = projection_size;
  settings.horizon = horizon;
  settings.future_covariates = future_covariates;
  return NetworkLayout(settings);
}

const NetworkLayout& layout_of(py::handle self) {
  return unwrap<NetworkLayout>(self, "expected a NetworkLayout");
}

py::list parameter_list(py::handle self) {
  const NetworkLayout& layout = layout_of(self);
  py::list result;
  for (const Parameter& p : layout.parameters()) {
    result.append(py::make_tuple(p.name, py::tuple(py::cast(p.shape)), p.offset));
  }
  return result;
}

py::array outputs_of(py::handle self, py::handle parameters_object, py::handle values,
                     py::handle offsets, py::handle spellings, py::handle side, py::handle n_jobs) {
  const NetworkLayout& layout = layout_of(self);
  const py::array parameters =
      float32_array(parameters_object, {"parameters"}, {{"P", layout.num_parameters()}});
  const SequenceArrays sequences(layout, values, offsets, spellings, side);
  const int threads = thread_count(n_jobs);
  py::array outputs =
      new_float32({output_rows(layout.settings(), sequences.data), layout.settings().output_size});
  float* to = mutable_data_of(outputs);
  without_gil([&](KeepGoing keep_going, void* context) {
    return predict(layout, data_of(parameters), sequences.data, to, threads, keep_going, context);
  });
  return outputs;
}

// A Trainer is mutable, so only one thread at a time may call it.
struct TrainerObject {
  Trainer trainer;
  std::int64_t target_columns;
  std::atomic<bool> busy{false};

  TrainerObject(const NetworkLayout& layout, const TrainingSettings& settings, std::int64_t columns)
      : trainer(layout, settings, columns), target_columns(columns) {}
};

TrainerObject& trainer_of(py::handle self) {
  return unwrap<TrainerObject>(self, "expected a Trainer");
}

ExclusiveUse use_alone(TrainerObject& self) {
  return {self.busy, "this trainer is in use by another thread"};
}

// The arguments that run_epoch, evaluate and the gradients have in common, checked.
struct Pass {
  py::array parameters;
  SequenceArrays sequences;
  TargetArrays targets;
  int threads;

  Pass(const TrainerObject& self, py::handle parameters_object, py::handle values,
       py::handle offsets, py::handle targets_object, py::handle weights, py::handle spellings,
       py::handle side, py::handle n_jobs, bool writes)
      : parameters((writes ? float32_output : float32_array)(
            parameters_object, {"parameters"}, {{"P", self.trainer.layout().num_parameters()}})),
        sequences(self.trainer.layout(), values, offsets, spellings, side,
                  targets_object.is_none()),
        targets(self.trainer.layout(), self.trainer.settings(), self.target_columns, sequences,
                targets_object, weights),
        threads(thread_count(n_jobs)) {}
};

// Setters by name: the members of TrainingSettings, and "loss_options" for the options of its loss.
using SetSetting = void (*)(TrainingSettings&, py::handle);
const std::map<std::string, SetSetting> kSettings = {
    {"loss", [](TrainingSettings& s, py::handle v) { s.loss.name = v.cast<std::string>(); }},
    {"loss_options",
     [](TrainingSettings& s, py::handle v) {
       s.loss.options = v.cast<std::map<std::string, LossOption>>();
     }},
    {"solver", [](TrainingSettings& s, py::handle v) { s.solver = v.cast<std::string>(); }},
    {"learning_rate",
     [](TrainingSettings& s, py::handle v) { s.learning_rate = v.cast<double>(); }},
    {"schedule",
     [](TrainingSettings& s, py::handle v) { s.schedule = find_schedule(v.cast<std::string>()); }},
    {"total_updates",
     [](TrainingSettings& s, py::handle v) { s.total_updates = v.cast<std::int64_t>(); }},
    {"weight_decay", [](TrainingSettings& s, py::handle v) { s.weight_decay = v.cast<double>(); }},
    {"clip_norm", [](TrainingSettings& s, py::handle v) { s.clip_norm = v.cast<double>(); }},
    {"dropout", [](TrainingSettings& s, py::handle v) { s.dropout = v.cast<double>(); }},
    {"recurrent_dropout",
     [](TrainingSettings& s, py::handle v) { s.recurrent_dropout = v.cast<double>(); }},
    {"input_dropout",
     [](TrainingSettings& s, py::handle v) { s.input_dropout = v.cast<double>(); }},
    {"word_dropout", [](TrainingSettings& s, py::handle v) { s.word_dropout = v.cast<double>(); }},
    {"batch_size",
     [](TrainingSettings& s, py::handle v) { s.batch_size = v.cast<std::int64_t>(); }},
    {"tbptt", [](TrainingSettings& s, py::handle v) { s.tbptt = v.cast<std::int64_t>(); }},
    {"seed", [](TrainingSettings& s, py::handle v) { s.seed = v.cast<std::uint64_t>(); }},
};

TrainingSettings make_settings(const py::kwargs& given) {
  TrainingSettings settings;
  for (const auto& [key, value] : given) {
    const auto name = key.cast<std::string>();
    const auto setting = kSettings.find(name);
    if (setting == kSettings.end()) {
      throw py::type_error("Trainer has no setting '" + name + "'");
    }
    try {
      setting->second(settings, value);
    } catch (const py::cast_error&) {
      throw py::type_error(name + ": cannot be " + std::string(py::repr(value)));
    }
  }
  return settings;
}

py::dict run_epoch(py::handle object, py::handle parameters, py::handle values, py::handle offsets,
                   py::handle targets, py::handle weights, py::handle spellings, py::handle side,
                   std::uint32_t epoch, double learning_rate_scale, py::handle continues,
                   py::handle n_jobs) {
  TrainerObject& self = trainer_of(object);
  const ExclusiveUse use = use_alone(self);
  Pass pass(self, parameters, values, offsets, targets, weights, spellings, side, n_jobs, true);
  const bool goes_on = flag(continues, "continues");
  float* to = mutable_data_of(pass.parameters);
  const EpochResult result = without_gil([&](KeepGoing keep_going, void* context) {
    return self.trainer.run_epoch(to, pass.sequences.data, pass.targets.targets, epoch,
                                  learning_rate_scale, goes_on, pass.threads, keep_going, context);
  });
  py::dict summary;
  summary["loss"] = result.loss;
  summary["gradient_norm"] = result.gradient_norm;
  summary["updates"] = result.updates;
  summary["diverged"] = result.diverged;
  return summary;
}

double evaluate(py::handle object, py::handle parameters, py::handle values, py::handle offsets,
                py::handle targets, py::handle weights, py::handle spellings, py::handle side,
                py::handle continues, py::handle n_jobs) {
  TrainerObject& self = trainer_of(object);
  const ExclusiveUse use = use_alone(self);
  const Pass pass(self, parameters, values, offsets, targets, weights, spellings, side, n_jobs,
                  false);
  const bool goes_on = flag(continues, "continues");
  return without_gil([&](KeepGoing keep_going, void* context) {
    return self.trainer.evaluate(data_of(pass.parameters), pass.sequences.data,
                                 pass.targets.targets, goes_on, pass.threads, keep_going, context);
  });
}

py::tuple gradient(py::handle object, py::handle parameters, py::handle values, py::handle offsets,
                   py::handle targets, py::handle weights, py::handle spellings, py::handle side,
                   std::uint32_t epoch, py::handle n_jobs) {
  TrainerObject& self = trainer_of(object);
  const ExclusiveUse use = use_alone(self);
  const Pass pass(self, parameters, values, offsets, targets, weights, spellings, side, n_jobs,
                  false);
  py::array result = new_float32({self.trainer.layout().num_parameters()});
  float* to = mutable_data_of(result);
  const double loss = [&] {
    const py::gil_scoped_release release;
    return self.trainer.gradient(data_of(pass.parameters), pass.sequences.data,
                                 pass.targets.targets, epoch, to, pass.threads);
  }();
  return py::make_tuple(loss, result);
}

py::array state_gradient_norms(py::handle object, py::handle parameters, py::handle values,
                               py::handle offsets, py::handle targets, py::handle weights,
                               py::handle spellings, py::handle n_jobs) {
  TrainerObject& self = trainer_of(object);
  const ExclusiveUse use = use_alone(self);
  const Pass pass(self, parameters, values, offsets, targets, weights, spellings, py::none(),
                  n_jobs, false);
  const NetworkLayout& layout = self.trainer.layout();
  py::array norms = new_float32({layout.settings().num_layers * layout.directions(),
                                 pass.sequences.data.offsets[pass.sequences.data.size]});
  float* to = mutable_data_of(norms);
  {
    const py::gil_scoped_release release;
    self.trainer.state_gradient_norms(data_of(pass.parameters), pass.sequences.data,
                                      pass.targets.targets, to, pass.threads);
  }
  return norms;
}

py::array optimizer_state_of(py::handle object) {
  Trainer& trainer = trainer_of(object).trainer;
  py::array copy = new_float32({trainer.optimizer_states(), trainer.layout().num_parameters()});
  std::memcpy(mutable_data_of(copy), trainer.optimizer_state(),
              static_cast<std::size_t>(copy.nbytes()));
  return copy;
}

void set_optimizer_state(py::handle object, py::handle value) {
  Trainer& trainer = trainer_of(object).trainer;
  const py::array array = float32_array(
      value, {"optimizer_state"},
      {{"states", trainer.optimizer_states()}, {"P", trainer.layout().num_parameters()}});
  std::memcpy(trainer.optimizer_state(), data_of(array), static_cast<std::size_t>(array.nbytes()));
}

py::list loss_names() {
  py::list names;
  for (const LossInfo& loss : list_losses())
    names.append(py::make_tuple(loss.name, loss.description));
  return names;
}

std::vector<std::string> loss_options(const std::string& name) {
  for (const LossInfo& loss : list_losses()) {
    if (loss.name == name) return loss.options;
  }
  throw py::value_error("unknown loss '" + name + "'");
}

std::int64_t outputs_of_loss(const std::string& loss, std::int64_t targets,
                             const std::map<std::string, LossOption>& options) {
  return outputs_for({loss, options}, targets);
}

}  // namespace

void register_engine(py::module_& m) {
  m.def("losses", &loss_names, "(name, description) of every loss.");
  m.def("solvers", &list_solvers, "Names of the optimisers.");
  m.def("loss_options", &loss_options, py::arg("loss"), "Names of the options that a loss has.");
  m.def("outputs_for", &outputs_of_loss, py::arg("loss"), py::arg("targets"),
        py::arg("options") = std::map<std::string, LossOption>(),
        "Columns of outputs that `targets` columns of targets need; 0: any number.");

  auto layout = bind_class<NetworkLayout>(m, "NetworkLayout", "The topology of a network.");
  layout
      .def(py::init(&make_layout), py::kw_only(), py::arg("cell"), py::arg("input_size"),
           py::arg("embedding_size") = 0, py::arg("hidden_size"), py::arg("num_layers") = 1,
           py::arg("bidirectional") = false, py::arg("pooling") = "last", py::arg("output_size"),
           py::arg("characters") = 0, py::arg("character_embedding_size") = 0,
           py::arg("character_hidden_size") = 0, py::arg("tie_weights") = false,
           py::arg("transitions") = false, py::arg("side_channels") = 0,
           py::arg("projection_size") = 0, py::arg("horizon") = 0, py::arg("future_covariates") = 0)
      .def_property_readonly("parameters", &parameter_list,
                             "(name, shape, offset) of each parameter.")
      .def_property_readonly(
          "num_parameters", [](py::handle self) { return layout_of(self).num_parameters(); },
          "Number of floats in all parameters.")
      .def(
          "memory_text",
          [](py::handle self, std::int64_t copies) { return layout_of(self).memory_text(copies); },
          py::arg("copies") = 1,
          "Error message if `copies` of the parameters do not fit in memory.")
      .def("predict", &outputs_of, py::arg("parameters"), py::arg("values"), py::arg("offsets"),
           py::kw_only(), py::arg("spellings") = py::none(), py::arg("side") = py::none(),
           py::arg("n_jobs") = py::none(),
           "Outputs of the head: (n, K), or (rows, K) for every step.");

  auto trainer =
      bind_class<TrainerObject>(m, "Trainer", "A network, a loss and an optimiser with its state.");
  trainer
      .def(py::init([](py::handle layout, std::int64_t target_columns, const py::kwargs& settings) {
             return std::make_unique<TrainerObject>(layout_of(layout), make_settings(settings),
                                                    target_columns);
           }),
           py::arg("layout"), py::kw_only(), py::arg("target_columns") = 1,
           "Settings are those of skrnn::TrainingSettings, by name.")
      .def(
          "run_epoch", &run_epoch, py::arg("parameters"), py::arg("values"), py::arg("offsets"),
          py::arg("targets") = py::none(), py::arg("weights") = py::none(), py::kw_only(),
          py::arg("spellings") = py::none(), py::arg("side") = py::none(), py::arg("epoch"),
          py::arg("learning_rate_scale") = 1.0, py::arg("continues") = false,
          py::arg("n_jobs") = py::none(),
          "Train the parameters in place for one epoch. Returns a dict: loss, gradient_norm, "
          "updates, diverged. Targets of None are the next tokens: the last token of each sequence "
          "is a target only. With `continues`, sequences go on where those of the call before "
          "ended; windows of one text thus overlap by one token.")
      .def("evaluate", &evaluate, py::arg("parameters"), py::arg("values"), py::arg("offsets"),
           py::arg("targets") = py::none(), py::arg("weights") = py::none(), py::kw_only(),
           py::arg("spellings") = py::none(), py::arg("side") = py::none(),
           py::arg("continues") = false, py::arg("n_jobs") = py::none(),
           "Weighted mean of the loss, without dropout. The next tokens, of which there are "
           "len(values) less the number of sequences, have equal weights.")
      .def("gradient", &gradient, py::arg("parameters"), py::arg("values"), py::arg("offsets"),
           py::arg("targets") = py::none(), py::arg("weights") = py::none(), py::kw_only(),
           py::arg("spellings") = py::none(), py::arg("side") = py::none(), py::arg("epoch") = 0,
           py::arg("n_jobs") = py::none(),
           "(loss, gradient) of all sequences as one minibatch, dropout included.")
      .def("state_gradient_norms", &state_gradient_norms, py::arg("parameters"), py::arg("values"),
           py::arg("offsets"), py::arg("targets") = py::none(), py::arg("weights") = py::none(),
           py::kw_only(), py::arg("spellings") = py::none(), py::arg("n_jobs") = py::none(),
           "|dL/dh| after each step of all sequences: (layers * directions, rows).")
      .def_property("optimizer_state", &optimizer_state_of, &set_optimizer_state,
                    "State of the optimiser, float32 of shape (states, P); a copy.")
      .def_property(
          "updates", [](py::handle self) { return trainer_of(self).trainer.updates(); },
          [](py::handle self, std::int64_t n) { trainer_of(self).trainer.set_updates(n); },
          "Updates made so far.");
}

}  // namespace skrnn::bindings
