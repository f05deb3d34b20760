#include "files/model_file.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/choice.h"
#include "files/byte_source.h"
#include "files/crc32.h"
#include "files/fields.h"
#include "files/json.h"
#include "files/json_strings.h"
#include "files/refusal.h"
#include "files/safetensors.h"
#include "losses/loss.h"

namespace skrnn {
namespace {

constexpr std::int64_t kFormatVersion = 5;     // older formats are read, too
constexpr std::size_t kMostOperations = 1000;  // every step goes through all of them

NetworkSettings read_network(const Fields& fields) {
  NetworkSettings network;
  network.cell = fields.word("cell");
  network.input_size = fields.integer("input_size");
  network.embedding_size = fields.integer("embedding_size");
  network.hidden_size = fields.integer("hidden_size");
  network.num_layers = fields.integer("num_layers");
  network.bidirectional = fields.boolean("bidirectional");
  network.pooling = find_pooling(fields.word("pooling"));
  network.output_size = fields.integer("output_size");
  network.characters = fields.optional_integer("characters");
  network.character_embedding_size = fields.optional_integer("character_embedding_size");
  network.character_hidden_size = fields.optional_integer("character_hidden_size");
  network.tie_weights = fields.optional_boolean("tie_weights");
  network.transitions = fields.optional_boolean("transitions");
  network.side_channels = fields.optional_integer("side_channels");
  network.horizon = fields.optional_integer("horizon");
  network.future_covariates = fields.optional_integer("future_covariates");
  network.projection_size = fields.optional_integer("projection_size");
  return network;
}

// Two losses had other names before format 3.
std::string loss_of_today(const std::string& name, std::int64_t version) {
  if (version < 3 && name == "squared") return "squared_error";
  if (version < 3 && name == "absolute") return "absolute_error";
  return name;
}

std::vector<double> read_numbers(const Fields& fields, const char* name) {
  std::vector<double> numbers;
  const Json list = fields.list(name);
  numbers.reserve(list.size());
  for (JsonItems items(list); items.next();) {
    const auto number = items.value().number();
    if (!number) {
      refuse_file(fields.place(name, numbers.size()) + " must be a number, got " +
                  in_quotes(items.value().text()));
    }
    numbers.push_back(*number);
  }
  return numbers;
}

// Before format 3 the options of all losses stood beside the name of the one in use.
LossSettings read_loss(const Fields& fields, std::int64_t version) {
  LossSettings loss;
  loss.name = loss_of_today(fields.word("name"), version);
  const Fields options = version < 3 ? fields : fields.object("options");
  for (const OptionRule& rule : find_loss(loss.name).options) {
    if (!options.has(rule.name)) continue;
    if (rule.is_list) {
      loss.options[rule.name] = read_numbers(options, rule.name);
    } else {
      loss.options[rule.name] = options.number(rule.name);
    }
  }
  if (version < 3) return loss;
  for (JsonItems items(options.json()); items.next();) {
    if (loss.options.count(items.name()) == 0) {
      refuse_file("metadata.loss.options has " + in_quotes(items.name()) + ", which loss '" +
                  loss.name + "' does not");
    }
  }
  return loss;
}

std::string operation_tensor(std::size_t i) { return "input." + std::to_string(i); }

// The operations without their values.
std::vector<ChannelOperation> read_operations(const Fields& fields) {
  std::vector<ChannelOperation> operations;
  for (JsonItems items(fields.list("operations")); items.next();) {
    const std::size_t i = operations.size();
    if (i == kMostOperations) {
      refuse_file("metadata.input.operations has more than " + std::to_string(kMostOperations));
    }
    const Fields item(fields.place("operations", i), items.value());
    ChannelOperation operation;
    operation.kind = find_operation(item.word("operation"));
    operation.in_float64 = item.boolean("in_float64");
    if (item.word("tensor") != operation_tensor(i)) {
      refuse_file(fields.place("operations", i) + ".tensor must be \"" + operation_tensor(i) +
                  "\", got " + in_quotes(item.get("tensor").text()));
    }
    operations.push_back(operation);
  }
  return operations;
}

std::string array_tensor(const std::string& name) { return "array." + name; }

// The names of arrays, and their lengths; before format 5 there were none.
std::map<std::string, std::int64_t> read_arrays(const Fields& root) {
  std::map<std::string, std::int64_t> lengths;
  if (!root.has("arrays")) return lengths;
  for (JsonItems items(root.object("arrays").json()); items.next();) {
    const auto length = items.value().integer();
    if (!is_word(items.name()) || !length || *length < 1) {
      refuse_file("metadata.arrays must have a length of 1 or more for each name, got " +
                  in_quotes(items.value().text()) + " for " + in_quotes(items.name()));
    }
    lengths[items.name()] = *length;
  }
  return lengths;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  constexpr std::size_t kMost = 8;
  std::string text;
  for (std::size_t i = 0; i < shape.size() && i < kMost; ++i) {
    text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  }
  return "[" + text + (shape.size() > kMost ? ", ...]" : "]");
}

bool all_finite(const double* values, std::size_t n) {
  return std::all_of(values, values + n, [](double x) { return std::isfinite(x); });
}
bool all_finite(const float* values, std::size_t n) {
  return std::all_of(values, values + n, [](float x) { return std::isfinite(x); });
}

std::string hexadecimal(std::uint32_t digest) {
  char text[9];
  std::snprintf(text, sizeof text, "%08x", static_cast<unsigned>(digest));
  return text;
}

[[noreturn]] void fail_digest(const std::string& what, std::uint32_t found,
                              const std::string& expected) {
  refuse_file(what + " is damaged: its CRC-32 is " + hexadecimal(found) +
              ", and when it was written it " + "was " + expected +
              "; fetch the file again, or save the model anew");
}

// The tensors of a file, requested by name, dtype and shape. All are requested before the data of
// any is read, so that no memory is allocated that the file does not fill.
class Tensors {
 public:
  explicit Tensors(const Safetensors& file)
      : file_(file), asked_(file.tensors().size()), digests_(file.tensors().size()) {}

  // Sets the expected CRC-32 of tensors; `digests` is {name: integer, ...}.
  void expect(const Json& digests) {
    constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
    for (JsonItems items(digests); items.next();) {
      const Tensor* tensor = file_.find(items.name());
      if (tensor == nullptr) refuse_file("tensor " + in_quotes(items.name()) + " is missing");
      const auto digest = items.value().integer();
      if (!digest || *digest < 0 || *digest > kMost) {
        refuse_file("metadata.crc32 must have an integer of 32 bits for each tensor, got " +
                    in_quotes(items.value().text()) + " for " + in_quotes(items.name()));
      }
      digests_[index_of(*tensor)] = static_cast<std::uint32_t>(*digest);
    }
    has_digests_ = true;
  }

  bool has(const std::string& name) const { return file_.find(name) != nullptr; }

  const Tensor& ask(const std::string& name, const char* dtype,
                    const std::vector<std::int64_t>& shape) {
    const Tensor* tensor = file_.find(name);
    if (tensor == nullptr) refuse_file("tensor \"" + name + "\" is missing");
    if (tensor->dtype != dtype || tensor->shape != shape) {
      refuse_file("tensor \"" + name + "\" must be " + dtype + " of shape " + shape_text(shape) +
                  ", got " + std::string(tensor->dtype) + " of shape " + shape_text(tensor->shape));
    }
    if (has_digests_ && !digests_[index_of(*tensor)]) {
      refuse_file("metadata.crc32 has no digest of the tensor \"" + name + "\"");
    }
    asked_[index_of(*tensor)] = true;
    return *tensor;
  }

  void refuse_others() const {
    for (std::size_t i = 0; i < asked_.size(); ++i) {
      const std::string& name = file_.tensors()[i].name;
      if (!asked_[i] && name.rfind("extra.", 0) != 0) {
        refuse_file("tensor " + in_quotes(name) + " is no part of this model");
      }
    }
  }

  template <class T>
  void read(const Tensor& tensor, T* to) const {
    file_.read(tensor, to);
    const auto size = static_cast<std::size_t>(tensor.end - tensor.begin);
    const std::optional<std::uint32_t> expected = digests_[index_of(tensor)];
    const std::uint32_t found = expected ? crc32(to, size) : 0;
    if (expected && found != *expected) {
      fail_digest("tensor \"" + tensor.name + "\"", found, hexadecimal(*expected));
    }
    if (!all_finite(to, size / sizeof(T)))
      refuse_file("tensor \"" + tensor.name + "\" holds a NaN or an infinity");
  }
  std::vector<double> read(const Tensor& tensor) const {
    std::vector<double> values(static_cast<std::size_t>(tensor.shape[0]));
    read(tensor, values.data());
    return values;
  }

 private:
  std::size_t index_of(const Tensor& tensor) const {
    return static_cast<std::size_t>(&tensor - file_.tensors().data());
  }

  const Safetensors& file_;
  std::vector<bool> asked_;
  std::vector<std::optional<std::uint32_t>> digests_;
  bool has_digests_ = false;
};

// The last member of a description, a digest of the text before it, stands between these.
constexpr std::string_view kBeforeDigest = ",\"digest\":\"", kAfterDigest = "\"}";
constexpr std::size_t kDigestSize = kBeforeDigest.size() + 8 + kAfterDigest.size();

// Throws where the text of a description is not what was written.
void check_digest(std::string_view text) {
  const std::string_view before = text.substr(0, text.size() - std::min(text.size(), kDigestSize));
  const std::string_view end = text.substr(before.size());
  const std::uint32_t found = crc32(before.data(), before.size());
  std::string expected(kBeforeDigest);
  expected.append(hexadecimal(found)).append(kAfterDigest);
  if (end != expected) fail_digest("the description in the metadata", found, in_quotes(end));
}

// The description as JSON, once it is known to be what was written.
Fields read_description(const std::string& description) {
  const Fields root("metadata", Json::parse(description, "the metadata \"skrnn\""));
  const std::int64_t version = root.integer("format_version");
  if (version < 1 || version > kFormatVersion) {
    refuse_file("the file has format_version " + std::to_string(version) +
                ", and this version of scikit-rnn reads 1 to " + std::to_string(kFormatVersion) +
                (version > kFormatVersion ? "; update scikit-rnn" : ""));
  }
  if (version > 1 || root.has("digest")) check_digest(description);
  return root;
}

// Settings without the numbers that tensors hold.
ServingSettings read_settings(const Fields& root) {
  ServingSettings settings;
  settings.network = read_network(root.object("network"));
  settings.loss = read_loss(root.object("loss"), root.integer("format_version"));
  settings.targets = root.object("loss").integer("targets");
  settings.operations = read_operations(root.object("input"));
  return settings;
}

ModelFile read(ByteSource& source) {
  const Safetensors file(source);
  auto description = file.metadata("skrnn");
  if (!description)
    refuse_file("the file is no model of scikit-rnn: its metadata has no \"skrnn\"");
  ModelFile result;
  result.description = *std::move(description);
  const Fields root = read_description(result.description);
  ServingSettings& settings = result.settings = read_settings(root);

  // Every layer has at least two weights and two biases. This bounds the number of names that
  // NetworkLayout makes by the number of tensors in the file.
  const std::int64_t layers = settings.network.num_layers;
  const auto count = static_cast<std::int64_t>(file.tensors().size());
  if (layers > count / 4) {
    refuse_file("network.num_layers is " + std::to_string(layers) + ", but the file holds only " +
                std::to_string(count) + " tensors");
  }
  const NetworkLayout model(settings.network);

  Tensors tensors(file);
  if (root.integer("format_version") > 1) tensors.expect(root.object("crc32").json());
  std::vector<const Tensor*> parameters, operations;
  for (const Parameter& p : model.parameters()) {
    parameters.push_back(&tensors.ask(p.name, "F32", p.shape));
  }
  for (std::size_t i = 0; i < settings.operations.size(); ++i) {
    operations.push_back(&tensors.ask(operation_tensor(i), "F64", {settings.network.input_size}));
  }
  std::map<std::string, const Tensor*> arrays;
  for (const auto& item : read_arrays(root)) {
    arrays[item.first] = &tensors.ask(array_tensor(item.first), "F64", {item.second});
  }
  const Tensor *mean = nullptr, *scale = nullptr;
  if (tensors.has("target.mean") || tensors.has("target.scale")) {
    mean = &tensors.ask("target.mean", "F64", {settings.targets});
    scale = &tensors.ask("target.scale", "F64", {settings.targets});
  }
  tensors.refuse_others();

  result.parameters = make_buffer<float>(model.num_parameters(), "the parameters in the file");
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    tensors.read(*parameters[i], result.parameters.get() + model.parameters()[i].offset);
  }
  for (std::size_t i = 0; i < operations.size(); ++i) {
    settings.operations[i].values = tensors.read(*operations[i]);
  }
  if (mean != nullptr) {
    settings.target_mean = tensors.read(*mean);
    settings.target_scale = tensors.read(*scale);
  }
  for (const auto& item : arrays) settings.arrays[item.first] = tensors.read(*item.second);
  return result;
}

}  // namespace

ModelFile read_model_file(const std::string& path) { return read(*open_file(path)); }

ModelFile parse_model_file(const char* data, std::size_t size) {
  return read(*bytes_in_memory(data, size));
}

}  // namespace skrnn
