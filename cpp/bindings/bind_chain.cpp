// The loss of a linear-chain CRF by itself, for tests and measurements.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>

#include "arguments.h"
#include "arrays.h"
#include "bindings.h"
#include "interruption.h"
#include "sequence_arrays.h"
#include "skrnn/linear_chain.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

NetworkLayout layout_of(std::int64_t labels) {
  NetworkSettings settings;
  settings.input_size = settings.output_size = labels;
  settings.hidden_size = 1;
  settings.pooling = Pooling::kEveryStep;
  return NetworkLayout(settings);
}

py::tuple loss_of_chain(py::handle emissions_object, py::handle offsets, py::handle targets_object,
                        py::handle transitions_object, py::handle weights, py::handle n_jobs) {
  const py::array emissions =
      float32_array(emissions_object, {"emissions"}, {{"rows", kAny}, {"K", kAny}});
  const std::int64_t K = emissions.shape(1), size = K * K + 2 * K;
  const py::array transitions =
      float32_array(transitions_object, {"transitions"}, {{"K * K + 2 * K", size}});
  const NetworkLayout layout = layout_of(K);
  const SequenceArrays sequences(layout, emissions, offsets, py::none(), py::none());
  TrainingSettings settings;
  settings.loss.name = "cross_entropy";
  const TargetArrays targets(layout, settings, 1, sequences, targets_object, weights);
  const int threads = thread_count(n_jobs);
  const SequenceData& data = sequences.data;
  py::array demissions = new_float32({data.offsets[data.size], K});
  py::array dtransitions = new_float32({size});
  float *to = mutable_data_of(demissions), *transitions_to = mutable_data_of(dtransitions);
  const float* scores = data_of(transitions);
  const double loss = without_gil([&](KeepGoing, void*) {
    return chain_loss(K, data, targets.targets, scores, to, transitions_to, threads);
  });
  return py::make_tuple(loss, demissions, dtransitions);
}

}  // namespace

void register_chain(py::module_& m) {
  m.def("chain_loss", &loss_of_chain, py::arg("emissions"), py::arg("offsets"), py::arg("targets"),
        py::arg("transitions"), py::arg("weights") = py::none(), py::kw_only(),
        py::arg("n_jobs") = py::none(),
        "Loss a step of a linear-chain CRF, and its gradients. emissions are float32 (rows, K), "
        "targets float32 (rows, 1); transitions, start and end one after another, float32 "
        "(K * K + 2 * K,).");
}

}  // namespace skrnn::bindings
