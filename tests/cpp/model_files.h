// Files for the programs that check the reader of model files, and checks of its result and memory.
// Each program is one source file, and includes this once.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "expect.h"
#include "memory_in_use.h"
#include "random.h"
#include "skrnn/model.h"

namespace {

using Index = std::int64_t;
using Bytes = std::string;

// --- Files ---------------------------------------------------------------------------------------

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos) {
    std::printf("FAILED  a case of this program: no %s in %s\n", from.c_str(), text.c_str());
    std::exit(1);
  }
  return text.replace(at, from.size(), to);
}

// `text` as a string of JSON.
inline std::string json_string(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      result += escape;
    } else {
      result += c;
    }
  }
  return result + "\"";
}

// The CRC-32 of ISO 3309, bit by bit.
inline std::uint32_t crc32_of(const Bytes& bytes) {
  std::uint32_t remainder = ~std::uint32_t{0};
  for (const char c : bytes) {
    remainder ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) {
      remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? 0xedb88320U : 0U);
    }
  }
  return ~remainder;
}

// The version in the description of the current format.
const std::string kVersion = "\"format_version\": 5";

struct TensorEntry {
  std::string name, dtype, shape;
  Bytes data;
};

template <class T>
inline Bytes bytes_of(const std::vector<T>& values) {
  return Bytes(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

// The parts of a file, each of which can be broken. Digests are those of the broken parts, so that
// a reader does not stop at them.
struct File {
  struct Place {
    std::string name;
    std::size_t begin, size;
  };

  std::string description;  // without the digests of tensors
  std::string tensors;      // of the header, each after a comma
  Bytes data;
  std::vector<Place> places;

  void add(const TensorEntry& tensor) {
    const std::size_t begin = data.size();
    data += tensor.data;
    places.push_back({tensor.name, begin, tensor.data.size()});
    tensors += ",\"" + tensor.name + "\":{\"dtype\":\"" + tensor.dtype +
               "\",\"shape\":" + tensor.shape + ",\"data_offsets\":[" + std::to_string(begin) +
               "," + std::to_string(data.size()) + "]}";
  }
  // The description of format 2 has the digests of tensors.
  std::string sealed_description() const {
    std::string digests;
    for (const Place& place : places) {
      const Bytes bytes = data.substr(std::min(place.begin, data.size()), place.size);
      digests +=
          (digests.empty() ? "\"" : ", \"") + place.name + "\": " + std::to_string(crc32_of(bytes));
    }
    const std::string none = "\"crc32\": {}";
    std::string text = description;
    const std::size_t at = text.find(none);
    if (at != std::string::npos) text.replace(at, none.size(), "\"crc32\": {" + digests + "}");
    if (!text.empty() && text.back() == '}') text.pop_back();
    char digest[9];
    std::snprintf(digest, sizeof digest, "%08x", static_cast<unsigned>(crc32_of(text)));
    return text + ",\"digest\":\"" + digest + "\"}";
  }
  std::string header() const { return header(sealed_description()); }
  std::string header(const std::string& text) const {
    return "{\"__metadata__\":{\"other\":\"\",\"skrnn\":" + json_string(text) + "}" + tensors + "}";
  }
  // The same in format 1, which has no digests.
  File without_digests() const {
    File file = *this;
    file.description = replaced(description, kVersion + ", \"crc32\": {}", "\"format_version\": 1");
    // The options of a loss were beside its name.
    const std::string before = ", \"options\": {";
    const std::size_t at = file.description.find(before), end = file.description.find('}', at);
    const std::string options =
        file.description.substr(at + before.size(), end - at - before.size());
    file.description.replace(at, end + 1 - at, (options.empty() ? "" : ", ") + options);
    return file;
  }
  std::string header_without_digests() const { return header(description); }
};

inline Bytes container(const std::string& header, const Bytes& data) {
  Bytes length(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(header.size() >> (8 * i));
  return length + header + data;
}
inline Bytes container(const File& file) { return container(file.header(), file.data); }

inline std::string pooling_name(skrnn::Pooling pooling) {
  switch (pooling) {
    case skrnn::Pooling::kEveryStep:
      return "every_step";
    case skrnn::Pooling::kLast:
      return "last";
    case skrnn::Pooling::kMean:
      return "mean";
    case skrnn::Pooling::kMax:
      return "max";
    case skrnn::Pooling::kLastMeanMax:
      return "last_mean_max";
    case skrnn::Pooling::kHorizon:
      return "horizon";
    case skrnn::Pooling::kAttention:
      break;
  }
  return "attention";
}

const std::vector<std::string> kOperations = {"subtract", "divide", "multiply", "add", "fill"};

inline std::string text_of(const skrnn::LossOption& option) {
  if (std::holds_alternative<double>(option)) return std::to_string(std::get<double>(option));
  std::string text;
  for (const double value : std::get<std::vector<double>>(option)) {
    text += (text.empty() ? "" : ", ") + std::to_string(value);
  }
  return "[" + text + "]";
}

// The members of a network that reads letters; older files have none of them.
inline std::string characters_of(const skrnn::NetworkSettings& network) {
  if (!network.reads_letters()) return "";
  return ", \"characters\": " + std::to_string(network.characters) +
         ", \"character_embedding_size\": " + std::to_string(network.character_embedding_size) +
         ", \"character_hidden_size\": " + std::to_string(network.character_hidden_size);
}

inline std::string side_channels_of(const skrnn::NetworkSettings& network) {
  if (network.side_channels == 0) return "";
  return ", \"side_channels\": " + std::to_string(network.side_channels);
}

inline std::string projection_of(const skrnn::NetworkSettings& network) {
  if (!network.projects()) return "";
  return ", \"projection_size\": " + std::to_string(network.projection_size);
}

inline std::string horizon_of(const skrnn::NetworkSettings& network) {
  if (network.horizon == 0) return "";
  return ", \"horizon\": " + std::to_string(network.horizon);
}

inline std::string arrays_of(const skrnn::ServingSettings& settings) {
  std::string arrays;
  for (const auto& [name, values] : settings.arrays) {
    arrays += (arrays.empty() ? "\"" : ", \"") + name + "\": " + std::to_string(values.size());
  }
  return arrays.empty() ? "" : ", \"arrays\": {" + arrays + "}";
}

inline std::string description_of(const skrnn::ServingSettings& settings) {
  const skrnn::NetworkSettings& network = settings.network;
  std::string options, operations;
  for (const auto& [name, value] : settings.loss.options) {
    options += (options.empty() ? "\"" : ", \"") + name + "\": " + text_of(value);
  }
  for (std::size_t i = 0; i < settings.operations.size(); ++i) {
    const skrnn::ChannelOperation& operation = settings.operations[i];
    operations += std::string(i > 0 ? ", " : "") + "{\"operation\": \"" +
                  kOperations[static_cast<std::size_t>(operation.kind)] +
                  "\", \"tensor\": \"input." + std::to_string(i) +
                  "\", \"in_float64\": " + (operation.in_float64 ? "true" : "false") + "}";
  }
  return "{" + kVersion +
         ", \"crc32\": {}, \"producer\": \"a test\", \"network\": {\"cell\": "
         "\"" +
         network.cell + "\", \"input_size\": " + std::to_string(network.input_size) +
         ", \"embedding_size\": " + std::to_string(network.embedding_size) +
         ", \"hidden_size\": " + std::to_string(network.hidden_size) +
         ", \"num_layers\": " + std::to_string(network.num_layers) +
         ", \"bidirectional\": " + (network.bidirectional ? "true" : "false") +
         ", \"pooling\": \"" + pooling_name(network.pooling) +
         "\", \"output_size\": " + std::to_string(network.output_size) + characters_of(network) +
         side_channels_of(network) + projection_of(network) + horizon_of(network) +
         (network.tie_weights ? ", \"tie_weights\": true" : "") + "}, \"loss\": {\"name\": \"" +
         settings.loss.name + "\", \"targets\": " + std::to_string(settings.targets) +
         ", \"options\": {" + options + "}}, \"input\": {\"operations\": [" + operations + "]}" +
         arrays_of(settings) + ", \"estimator\": null}";
}

inline std::vector<float> parameters_of(const skrnn::ServingSettings& settings) {
  const skrnn::NetworkLayout model(settings.network);
  std::vector<float> parameters(static_cast<std::size_t>(model.num_parameters()));
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    parameters[i] = static_cast<float>(i) / 64 - 1;
  }
  return parameters;
}

inline std::vector<float> random_parameters(const skrnn::ServingSettings& settings) {
  Random random(0);
  const skrnn::NetworkLayout network(settings.network);
  std::vector<float> parameters(static_cast<std::size_t>(network.num_parameters()));
  for (float& p : parameters) p = random.uniform(0.5);
  return parameters;
}

inline File file_of(const skrnn::ServingSettings& settings) {
  File file;
  file.description = description_of(settings);
  const std::string channels = "[" + std::to_string(settings.network.input_size) + "]";
  for (std::size_t i = 0; i < settings.operations.size(); ++i) {
    file.add(
        {"input." + std::to_string(i), "F64", channels, bytes_of(settings.operations[i].values)});
  }
  if (!settings.target_mean.empty()) {
    const std::string targets = "[" + std::to_string(settings.targets) + "]";
    file.add({"target.mean", "F64", targets, bytes_of(settings.target_mean)});
    file.add({"target.scale", "F64", targets, bytes_of(settings.target_scale)});
  }
  for (const auto& [name, values] : settings.arrays) {
    file.add({"array." + name, "F64", "[" + std::to_string(values.size()) + "]", bytes_of(values)});
  }
  // In an order other than that of the arena.
  const skrnn::NetworkLayout model(settings.network);
  const std::vector<float> parameters = parameters_of(settings);
  for (auto p = model.parameters().rbegin(); p != model.parameters().rend(); ++p) {
    std::string shape;
    for (const Index n : p->shape) shape += (shape.empty() ? "" : ",") + std::to_string(n);
    const auto begin = parameters.begin() + p->offset;
    file.add(
        {p->name, "F32", "[" + shape + "]", bytes_of(std::vector<float>(begin, begin + p->size))});
  }
  return file;
}

inline skrnn::ServingSettings channels_model() {
  skrnn::ServingSettings settings;
  settings.network.cell = "lstm";
  settings.network.input_size = 2;
  settings.network.hidden_size = 3;
  settings.network.output_size = 4;
  settings.loss.name = "quantile";
  settings.loss.options["quantiles"] = std::vector<double>{0.25, 0.75};
  settings.targets = 2;
  settings.target_mean = {1.5, -1e-300};
  settings.target_scale = {0.1, 3};
  settings.operations = {{skrnn::ChannelOperation::Kind::kSubtract, {0.1, -7}, true},
                         {skrnn::ChannelOperation::Kind::kDivide, {3, 1e9}, false}};
  return settings;
}

inline skrnn::ServingSettings huber_model() {
  skrnn::ServingSettings settings = channels_model();
  settings.loss = {"huber", {{"delta", 1.0}}};
  settings.targets = 4;
  settings.target_mean = {1, 2, 3, 4};
  settings.target_scale = {4, 3, 2, 1};
  return settings;
}

inline skrnn::ServingSettings tokens_model() {
  skrnn::ServingSettings settings;
  settings.network = {"gru", 5, 2, 3, 2, true, skrnn::Pooling::kAttention, 3};
  settings.loss.name = "cross_entropy";
  return settings;
}

inline skrnn::ServingSettings letters_model() {
  skrnn::ServingSettings settings = tokens_model();
  settings.network.characters = 7;
  settings.network.character_embedding_size = 2;
  settings.network.character_hidden_size = 3;
  return settings;
}

inline skrnn::ServingSettings sided_model() {
  skrnn::ServingSettings settings = tokens_model();
  settings.network.side_channels = 4;
  return settings;
}

inline skrnn::ServingSettings projected_model() {
  skrnn::ServingSettings settings = channels_model();
  settings.network.projection_size = 6;
  return settings;
}

inline skrnn::ServingSettings horizon_model() {
  skrnn::ServingSettings settings = projected_model();
  settings.network.pooling = skrnn::Pooling::kHorizon;
  settings.network.horizon = 3;
  return settings;
}

inline skrnn::ServingSettings arrays_model() {
  skrnn::ServingSettings settings = horizon_model();
  settings.arrays = {{"series.1", {1.5, 0, -1e300}}, {"facts", {0}}};
  return settings;
}

// --- Results of reading --------------------------------------------------------------------------

// An empty string, or the message of the std::invalid_argument. For any bytes, the message is
// printable, and the memory in use is bounded by the length of the file.
inline std::string error_of(const Bytes& bytes, const std::string& what) {
  std::string message;
  most_in_use = in_use.load();
  const std::size_t before = in_use;
  try {
    const skrnn::Model model = skrnn::Model::parse(bytes.data(), bytes.size());
    const Index count = model.network().num_parameters();
    bool finite = true;
    for (Index i = 0; i < count; ++i) finite &= std::isfinite(model.parameters()[i]);
    expect(finite, what + ": a parameter is not finite");
  } catch (const std::invalid_argument& error) {
    message = error.what();
    bool printable = !message.empty() && message.size() < 500;
    for (const char c : message) printable &= c >= 0x20 && c < 0x7f;
    expect(printable, what + ": the message is empty, long, or not printable: " + message);
  }
  const std::size_t used = most_in_use - before;
  expect(used <= 12 * bytes.size() + 64 * 1024, what + ": " + std::to_string(used) +
                                                    " bytes of memory for a file of " +
                                                    std::to_string(bytes.size()));
  return message;
}

inline void expect_good(const Bytes& bytes, const std::string& what) {
  const std::string message = error_of(bytes, what);
  expect(message.empty(), what + " is refused: " + message);
}

inline void expect_error(const Bytes& bytes, const std::string& words, const std::string& what) {
  const std::string message = error_of(bytes, what);
  expect(message.find(words) != std::string::npos,
         what + ": expected \"" + words + "\", got: " + message);
}

}  // namespace
