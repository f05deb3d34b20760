// Checks of the reader of model files with files of hundreds of thousands of parts, and with sound
// files after random changes, the same in every run. The reader always returns a model of finite
// numbers or throws an error, in memory bounded by the length of the file. Best built with
// AddressSanitizer and UndefinedBehaviorSanitizer:
//
//   build/check_mutated_files [--every N]
//
// N makes the changes fewer, for slow machines.
#include "model_files.h"
#include "random.h"

namespace {

template <class T>
const T& one_of(const std::vector<T>& items, Random& random) {
  return items[random.below(items.size())];
}

// Time and memory stay in proportion to the length of a file, or this would take hours or fail.
void check_large() {
  const File sound = file_of(channels_model());
  const auto repeated = [](const std::string& text, std::size_t n) {
    std::string result;
    for (std::size_t i = 0; i < n; ++i) result += text;
    return result;
  };
  const auto numbered = [](const std::string& before, const std::string& after, std::size_t n) {
    std::string result;
    for (std::size_t i = 0; i < n; ++i) result += before + std::to_string(i) + after;
    return result;
  };
  const auto with = [&](const std::string& text) {
    File file = sound;
    file.description = replaced(file.description, "null", text);
    return container(file);
  };
  constexpr std::size_t kMany = 300'000;
  expect_good(with("{" + numbered("\"", "\":0,", kMany) + "\"\":0}"), "many names");
  expect_good(with("{" + numbered("\"\\u0061", "\":0,", kMany) + "\"\":0}"), "escaped names");
  expect_good(with("[" + repeated("{\"a\":{}},", kMany) + "0]"), "many objects");
  expect_good(with("\"" + repeated("\\n", kMany) + "\""), "many escapes");
  expect_good(with(std::string(kMany, '9')), "a long number");
  expect_error(with("{" + repeated("\"\":0,", kMany) + "\"\":0}"), "twice", "one name only");
  File file = sound;
  file.description = replaced(file.description, "[0.250000,", "[" + repeated("0.5,", kMany));
  expect_error(container(file), "needs output_size", "many quantiles");
  file = sound;
  file.description = replaced(file.description, "\"options\": {",
                              "\"options\": {" + numbered("\"", "\":0,", kMany));
  expect_error(container(file), "which loss 'quantile' does not", "many options");
  file = sound;
  file.description = replaced(file.description, "{\"operations\": [",
                              "{\"operations\": [" + repeated("0,", kMany));
  expect_error(container(file), "input.operations[0]", "many numbers for operations");
  expect_error(container("{" + numbered("\"", "\":0,", kMany) + "\"\":0}", ""), "must have dtype",
               "many names of no tensors");
  file = sound;
  file.description = replaced(file.description, "\"num_layers\": 1",
                              "\"num_layers\": [" + repeated("1,", kMany) + "1]");
  expect_error(container(file), "network.num_layers must be", "a long list for a number");
  file = sound;
  file.description = replaced(file.description, "\"crc32\": {}",
                              "\"crc32\": {" + numbered("\"", "\":0,", kMany) + "\"\":0}");
  expect_error(container(file), "\"0\" is missing", "many digests of no tensors");
  file = sound;
  file.description = replaced(file.description, "\"lstm\"", "\"" + std::string(kMany, 'a') + "\"");
  expect_error(container(file), "network.cell is unknown", "a long name of a cell");
  file = sound;
  file.tensors +=
      numbered(",\"extra.", "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}", kMany);
  expect_good(container(file), "many tensors");
  file.description = replaced(file.description, "\"num_layers\": 1", "\"num_layers\": 75000");
  expect_error(container(file), "is missing", "as many layers as tensors would allow");
  file = sound;
  file.tensors += ",\"" + std::string(kMany, '\x7f') + "\":0";
  expect_error(container(file), "must have dtype", "a long name of a tensor");
  file = sound;
  file.add({"extra.a", "U8", "[" + repeated("1,", kMany) + "1]", "a"});
  expect_error(container(file), "more than 64 entries", "many dimensions");
}

// One random change of `text`, of kinds that find wrong assumptions of a reader.
void mutate(std::string& text, const std::string& other, Random& random) {
  static const std::vector<std::string> numbers = {"-1",
                                                   "0",
                                                   "1",
                                                   "2",
                                                   "64",
                                                   "1e3",
                                                   "1.0",
                                                   "1e400",
                                                   "2147483648",
                                                   "4294967296",
                                                   "1099511627776",
                                                   "4611686018427387904",
                                                   "9223372036854775807",
                                                   "9223372036854775808",
                                                   "18446744073709551616",
                                                   "-9223372036854775808",
                                                   "NaN",
                                                   "null",
                                                   "true",
                                                   "[]",
                                                   "{}",
                                                   "\"\""};
  static const std::vector<std::string> pieces = {
      "{",     "}",       "[",       "]",           ",",        ":",    "\"",
      "\\",    "\\u0000", "\\ud800", "\xff",        "\xc3\xa9", " ",    "__metadata__",
      "skrnn", "extra.",  "input.0", "target.mean", "_reverse", "true", "[[[["};
  if (text.empty()) text = " ";
  const std::size_t at = random.below(text.size());
  const std::size_t count = 1 + random.below(random.below(4) == 0 ? 200 : 8);
  switch (random.below(8)) {
    case 0:
      text[at] = static_cast<char>(text[at] ^ (1 << random.below(8)));
      break;
    case 1:
      text[at] = static_cast<char>(random.next());
      break;
    case 2:
      text.erase(at, count);
      break;
    case 3:
      text.insert(random.below(text.size()), text.substr(at, count));
      break;
    case 4:
      text.insert(at, one_of(pieces, random));
      break;
    case 5: {
      const std::size_t from = random.below(other.size() + 1);
      text.replace(at, count, other.substr(from, count));
      break;
    }
    default: {  // the next number
      const std::size_t begin = text.find_first_of("0123456789", at);
      if (begin == std::string::npos) break;
      const std::size_t end = text.find_first_not_of("0123456789", begin);
      text.replace(begin, end == std::string::npos ? end : end - begin, one_of(numbers, random));
    }
  }
}

void check_mutations(std::size_t every) {
  const std::size_t mutations = 20'000 / every;
  const File files[] = {file_of(channels_model()), file_of(letters_model()), file_of(sided_model()),
                        file_of(arrays_model())};
  Random random(4);
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < mutations; ++i) {
    File file = files[i % std::size(files)];
    const File& other = files[(i + 1) % std::size(files)];
    // In both formats: without digests fewer files are refused early.
    const bool has_digests = random.below(2) == 0;
    if (!has_digests) file = file.without_digests();
    const auto header_of = [&](const File& f) {
      return has_digests ? f.header() : f.header_without_digests();
    };
    std::string header = header_of(file);
    Bytes bytes;
    const std::size_t layer = random.below(5), changes = 1 + random.below(3);
    for (std::size_t change = 0; change < changes; ++change) {
      if (layer == 0) mutate(file.data, other.data, random);
      if (layer == 1) mutate(file.tensors, other.tensors, random);
      if (layer == 2) mutate(file.description, other.description, random);
    }
    bytes = container(header_of(file), file.data);
    if (layer == 3) {
      mutate(header, other.header(), random);
      bytes = container(header, file.data);
    }
    if (layer == 4) mutate(bytes, container(other), random);
    accepted += error_of(bytes, "mutation " + std::to_string(i)).empty();
  }
  std::printf("%zu mutated files, of which %zu are still models\n", mutations, accepted);
  expect(accepted > 0 && accepted < mutations / 2, "some mutations are accepted, most refused");

  // The bits of a header, and of the length before it.
  const Bytes good = container(files[0]);
  for (std::size_t bit = 0; bit < 8 * (good.size() - files[0].data.size()); bit += every) {
    Bytes bytes = good;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    error_of(bytes, "bit " + std::to_string(bit));
  }
}

}  // namespace

int main(int count, char** arguments) {
  std::size_t every = 1;
  if (count == 3 && std::strcmp(arguments[1], "--every") == 0) {
    every = std::strtoull(arguments[2], nullptr, 10);
  }
  if (count > 1 && (count != 3 || every == 0)) {
    std::printf("usage: %s [--every N]\n", arguments[0]);
    return 2;
  }
  check_large();
  check_mutations(every);
  return conclusion();
}
