// Checks the reader of model files: what a file says arrives, and each thing that can be wrong with
// one is an error that says so. check_mutated_files.cpp goes on with files broken at random.
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "model_files.h"

namespace {

void check_arrives(const skrnn::ServingSettings& settings, const std::string& what) {
  const File file = file_of(settings);
  const Bytes bytes = container(file);
  const skrnn::Model model = skrnn::Model::parse(bytes.data(), bytes.size());
  expect(model.description() == file.sealed_description(), what + ": the description");
  // The text names every setting but the numbers of tensors.
  expect(description_of(model.settings()) == file.description, what + ": the settings");
  const std::vector<float> parameters = parameters_of(settings);
  expect(std::memcmp(model.parameters(), parameters.data(), parameters.size() * sizeof(float)) == 0,
         what + ": the parameters");
  expect(model.settings().target_mean == settings.target_mean, what + ": target_mean");
  expect(model.settings().target_scale == settings.target_scale, what + ": target_scale");
  for (std::size_t i = 0; i < settings.operations.size(); ++i) {
    expect(model.settings().operations[i].values == settings.operations[i].values,
           what + ": the values of an operation");
  }
}

void check_json() {
  const File sound = file_of(channels_model());
  const auto with = [&](const std::string& from, const std::string& to) {
    File file = sound;
    file.description = replaced(file.description, from, to);
    return container(file);
  };
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };

  for (const std::string& text : std::vector<std::string>{
           "{}", "[]", "[[], {}, [{}]]", "true", " \t\r\n false\n", "0", "-0", "1E+5", "0.5e-7",
           "1e999", "123456789012345678901234567890", "\"\"", R"("\"\\\/\b\f\n\r\t\u00E9")",
           "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"", R"("\ud83d\ude00")",
           R"({"a": {"a": 1}, "b": {"a": 1}, "": [], "\u0000": 1})", nested(63)}) {
    expect_good(with("null", text), "JSON " + text);
  }
  for (const std::string& text : std::vector<std::string>{"",
                                                          "NaN",
                                                          "Infinity",
                                                          "-Infinity",
                                                          "nan",
                                                          "01",
                                                          "-01",
                                                          "-",
                                                          "+1",
                                                          "1.",
                                                          ".5",
                                                          "1.e5",
                                                          "1e",
                                                          "1e+",
                                                          "0x10",
                                                          "1_000",
                                                          "tru",
                                                          "nulL",
                                                          "truex",
                                                          "'a'",
                                                          "a",
                                                          "[1,]",
                                                          "[,]",
                                                          "[1 2]",
                                                          "[1",
                                                          "1]",
                                                          "[}",
                                                          "{]",
                                                          R"({"a":1,})",
                                                          "{,}",
                                                          R"({"a"})",
                                                          R"({"a":})",
                                                          R"({"a" 1})",
                                                          "{a:1}",
                                                          "{1:1}",
                                                          R"({"a":1 "b":2})",
                                                          R"({"a":1, "a":2})",
                                                          R"({"a":1, "\u0061":2})",
                                                          R"([{"b": [{"c": 1, "d": 2, "c": 3}]}])",
                                                          R"("\ud800")",
                                                          R"("\udc00")",
                                                          R"("\ud800\u0041")",
                                                          R"("\ud800\ud800")",
                                                          R"("\u12")",
                                                          R"("\u12g4")",
                                                          R"("\x41")",
                                                          R"("\)",
                                                          "\"",
                                                          "\"a",
                                                          "\"\n\"",
                                                          std::string("\"\0\"", 3),
                                                          "\"\xff\"",
                                                          "\"\x80\"",
                                                          "\"\xc0\x80\"",
                                                          "\"\xe0\x80\x80\"",
                                                          "\"\xed\xa0\x80\"",
                                                          "\"\xf0\x80\x80\x80\"",
                                                          "\"\xf4\x90\x80\x80\"",
                                                          "\"\xc3\"",
                                                          "// no\n1",
                                                          "/* no */ 1",
                                                          "1 // no",
                                                          "1 1",
                                                          "1,",
                                                          "1}",
                                                          nested(64),
                                                          std::string(5'000'000, '['),
                                                          std::string(5'000'000, '{')}) {
    expect_error(with("null", text), "is not JSON", "JSON " + text.substr(0, 60));
  }
  expect_error(with("{", "\xef\xbb\xbf{"), "is not JSON", "a byte order mark");

  for (const double delta : {0.1, 1.0, 4.9406564584124654e-324, 2.2250738585072014e-308,
                             1.7976931348623157e308, 123456789.12345678}) {
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", delta);
    const Bytes bytes = with("1.000000", text);
    expect_good(bytes, std::string("delta ") + text);
    expect(skrnn::Model::parse(bytes.data(), bytes.size()).settings().loss.delta == delta,
           std::string("delta arrives as ") + text);
  }
  for (const char* text : {"1e309", "-1e309", "1e-400", "\"1\"", "true", "null", "[1]", "{}"}) {
    expect_error(with("1.000000", text), "loss.delta", std::string("delta ") + text);
  }
  for (const char* text : {"1e0", "1.0", "9223372036854775808", "-9223372036854775809", "\"1\"",
                           "true", "null", "[]"}) {
    const auto field = "\"num_layers\": " + std::string(text);
    expect_error(with("\"num_layers\": 1", field), "network.num_layers", field);
  }
}

void check_description() {
  const File sound = file_of(channels_model());
  struct Case {
    const char *from, *to, *words;
  };
  for (const Case& c : std::vector<Case>{
           {"\"format_version\": 3", "\"format_version\": 4", "update scikit-rnn"},
           {"\"format_version\": 3", "\"format_version\": 0", "format_version 0"},
           {"\"format_version\": 3", "\"format_version\": \"3\"", "format_version"},
           {"\"crc32\": {}", "\"crc\": {}", "has no \"crc32\""},
           {"\"crc32\": {}", "\"crc32\": []", "crc32 must be an object"},
           {"\"crc32\": {}", "\"crc32\": { }", "no digest of the tensor \"rnn.weight_ih_l0\""},
           {"\"crc32\": {}", "\"crc32\": {\"head.bias\": -1}", "32 bits"},
           {"\"crc32\": {}", "\"crc32\": {\"head.bias\": 4294967296}", "32 bits"},
           {"\"crc32\": {}", "\"crc32\": {\"head.bias\": \"0\"}", "32 bits"},
           {"\"crc32\": {}", "\"crc32\": {\"head.bia\": 0}", "\"head.bia\" is missing"},
           {"\"format_version\"", "\"format\"", "has no \"format_version\""},
           {"\"network\"", "\"net\"", "has no \"network\""},
           {"\"input\"", "\"in\"", "has no \"input\""},
           {"\"loss\": {", "\"loss\": 3, \"x\": {", "loss must be an object"},
           {"\"hidden_size\"", "\"hidden\"", "network has no \"hidden_size\""},
           {"\"hidden_size\": 3", "\"hidden_size\": 0", "hidden_size"},
           {"\"hidden_size\": 3", "\"hidden_size\": -3", "hidden_size"},
           {"\"hidden_size\": 3", "\"hidden_size\": 4", "must be F32 of shape [16, 2], got"},
           {"\"hidden_size\": 3", "\"hidden_size\": 1000000000000", "large"},
           {"\"hidden_size\": 3", "\"hidden_size\": 9223372036854775807", "large"},
           {"\"input_size\": 2", "\"input_size\": 3", "rnn.weight_ih_l0"},
           {"\"input_size\": 2", "\"input_size\": 4611686018427387904", "large"},
           {"\"embedding_size\": 0", "\"embedding_size\": 2", "embedding.weight"},
           {"\"embedding_size\": 0", "\"embedding_size\": -1", "embedding_size"},
           {"\"num_layers\": 1", "\"num_layers\": 2", "\"rnn.weight_ih_l1\" is missing"},
           {"\"num_layers\": 1", "\"num_layers\": 1000000", "but the file holds only 10 tensors"},
           {"\"num_layers\": 1", "\"num_layers\": 0", "num_layers"},
           {"\"output_size\": 4", "\"output_size\": 5", "head.weight"},
           {"\"bidirectional\": false", "\"bidirectional\": true", "_reverse"},
           {"\"bidirectional\": false", "\"bidirectional\": 0", "must be true or false"},
           {"\"lstm\"", "\"lsmt\"", "unknown cell 'lsmt'"},
           {"\"lstm\"", "\"gru\"", "rnn.weight_ih_l0"},
           {"\"lstm\"", "\"lstm\\u0000\"", "network.cell is unknown"},
           {"\"lstm\"", "\"\\u001b[2J\"", "network.cell is unknown"},
           {"\"lstm\"", "7", "network.cell must be a string"},
           {"\"last\"", "\"first\"", "unknown pooling 'first'"},
           {"\"last\"", "\"attention\"", "attention.weight"},
           {"\"quantile\"", "\"quantil\"", "unknown loss 'quantil'"},
           {"\"quantile\"", "\"squared_error\"", "needs output_size 2"},
           {"\"quantile\"", "\"quantile\\u0000\"", "loss.name is unknown"},
           {"[0.250000, 0.750000]", "[0.25]", "needs output_size 2"},
           {"[0.250000, 0.750000]", "[]", "quantile"},
           {"[0.250000, 0.750000]", "[0.25, 1.75]", "quantiles must be in (0, 1)"},
           {"[0.250000, 0.750000]", "[0.25, \"a\"]", "loss.quantiles[1]"},
           {"[0.250000, 0.750000]", "{}", "must be a list"},
           {"1.000000", "-1", "delta must be above 0"},
           {"\"targets\": 2", "\"targets\": 1", "target.mean"},
           {"\"targets\": 2", "\"targets\": -2", "target.mean"},
           {"\"subtract\"", "\"power\"", "unknown operation 'power'"},
           {"\"input.1\"", "\"input.0\"", "must be \"input.1\""},
           {"\"in_float64\": true", "\"in_float64\": 1", "input.operations[0].in_float64"},
           {"{\"operations\": [", "{\"operations\": [0, ", "input.operations[0]"},
       }) {
    File file = sound;
    file.description = replaced(file.description, c.from, c.to);
    expect_error(container(file), c.words, std::string(c.from) + " -> " + c.to);
  }

  // Without tensors whose shapes would tell, sizes must not overflow either.
  File open = file_of(tokens_model());
  for (const char* loss : {"squared_error", "gaussian_nll", "quantile", "cross_entropy"}) {
    for (const char* targets : {"0", "-1", "2", "4611686018427387904", "9223372036854775807"}) {
      File file = open;
      file.description = replaced(file.description, "cross_entropy", loss);
      file.description =
          replaced(file.description, "\"targets\": 1", std::string("\"targets\": ") + targets);
      file.description =
          replaced(file.description, "\"quantiles\": []", "\"quantiles\": [0.1, 0.2, 0.3, 0.4]");
      error_of(container(file), std::string(loss) + " of targets " + targets);
    }
  }
}

void check_container() {
  const File sound = file_of(channels_model());
  const std::string header = sound.header();
  const Bytes good = container(sound);

  for (std::size_t n = 0; n < good.size(); ++n) {
    expect(!error_of(good.substr(0, n), "the first bytes of a file").empty(),
           "a file cut off after " + std::to_string(n) + " bytes is refused");
  }
  expect_error("", "too short", "an empty file");
  expect_error(good + '\0', "bytes too many", "a byte more");
  expect_good(container(header + "    ", sound.data), "a header that ends with spaces");
  expect_error(container(" " + header, sound.data), "does not begin with", "a space before");
  expect_error(container(header + "x", sound.data), "is not JSON", "garbage after the header");
  expect_error(container("", ""), "does not begin with", "a header of no bytes");
  expect_error(container("{}", ""), "no model of scikit-rnn", "an empty header");
  expect_error(container("{\"__metadata__\":[]}", ""), "must be an object", "metadata in a list");
  expect_error(container("[]", ""), "does not begin with", "a header that is a list");
  for (const std::uint64_t length :
       {std::uint64_t{100'000'001}, ~std::uint64_t{0}, ~std::uint64_t{0} - 7,
        std::uint64_t{1} << 63, std::uint64_t{good.size() - 7}}) {
    Bytes bytes = good;
    std::memcpy(&bytes[0], &length, 8);
    expect_error(bytes, std::to_string(length), "a header's length");
  }

  struct Case {
    const char *from, *to, *words;
  };
  const char* const head_bias = "\"shape\":[4],\"data_offsets\":[64,80]";
  for (const Case& c : std::vector<Case>{
           {"\"skrnn\"", "\"sklearn\"", "no model of scikit-rnn"},
           {"a test", "a tesT", "the description in the metadata is damaged: its CRC-32 is"},
           {",\\\"digest\\\"", ", \\\"digest\\\"", "is damaged"},
           {",\\\"digest\\\"", ",\\\"digesT\\\"", "is damaged"},
           {"\"other\":\"\"", "\"other\":1", "must hold strings"},
           {"\"other\":\"\"", "\"skrnn\":\"\"", "twice"},
           {"\"head.bias\"", "\"head.bia\"", "\"head.bias\" is missing"},
           {"\"head.bias\"", "\"head.weight\"", "twice"},
           {"\"head.bias\":", "\"head.bias\":[],\"x\":", "must have dtype"},
           {"\"F32\"", "\"F33\"", "unknown dtype"},
           {"\"F32\"", "32", "unknown dtype"},
           {"\"F32\"", "\"I32\"", "got I32"},
           {"\"F32\"", "\"F64\"", "need 32"},
           {"\"F32\"", "\"F32\",\"device\":\"cpu\"", "and nothing else"},
           {head_bias, "\"shape\":[4]", "must have dtype"},
           {head_bias, "\"shape\":[2,2],\"data_offsets\":[64,80]", "got F32 of shape [2, 2]"},
           {head_bias, "\"shape\":[-4],\"data_offsets\":[64,80]", "shape must hold integers"},
           {head_bias, "\"shape\":[4.0],\"data_offsets\":[64,80]", "shape must hold integers"},
           {head_bias, "\"shape\":4,\"data_offsets\":[64,80]", "shape must be a list"},
           {head_bias, "\"shape\":[4611686018427387904,4],\"data_offsets\":[64,80]", "too large"},
           {head_bias, "\"shape\":[4294967296,4294967296],\"data_offsets\":[64,64]", "too large"},
           {head_bias, "\"shape\":[4],\"data_offsets\":[80,64]", "a begin and an end"},
           {head_bias, "\"shape\":[4],\"data_offsets\":[64]", "a begin and an end"},
           {head_bias, "\"shape\":[4],\"data_offsets\":[64,80,96]", "a begin and an end"},
           {head_bias, "\"shape\":[4],\"data_offsets\":[-16,0]", "data_offsets must hold integers"},
           {head_bias, "\"shape\":[4],\"data_offsets\":[0,16]", "begins at byte 0"},
           {head_bias, "\"shape\":[4],\"data_offsets\":[68,84]", "begins at byte 68"},
           {head_bias, "\"shape\":[5],\"data_offsets\":[64,84]", "before it end at byte 84"},
           {head_bias, "\"shape\":[3],\"data_offsets\":[64,76]", "before it end at byte 76"},
           {head_bias, "\"shape\":[4],\"data_offsets\":[9223372036854775791,9223372036854775807]",
            "before it end at byte"},
       }) {
    expect_error(container(replaced(header, c.from, c.to), sound.data), c.words,
                 std::string(c.from) + " -> " + c.to);
  }

  struct Extra {
    const char *dtype, *shape;
    std::size_t size;
  };
  for (const Extra& e : std::vector<Extra>{{"BOOL", "[3]", 3},
                                           {"U8", "[3]", 3},
                                           {"I8", "[3]", 3},
                                           {"F8_E5M2", "[3]", 3},
                                           {"F8_E4M3", "[3]", 3},
                                           {"F8_E8M0", "[3]", 3},
                                           {"F8_E4M3FNUZ", "[3]", 3},
                                           {"F8_E5M2FNUZ", "[3]", 3},
                                           {"F4", "[3,2]", 3},
                                           {"F6_E2M3", "[4]", 3},
                                           {"F6_E3M2", "[2,2]", 3},
                                           {"I16", "[3]", 6},
                                           {"U16", "[3]", 6},
                                           {"F16", "[3]", 6},
                                           {"BF16", "[3]", 6},
                                           {"I32", "[3]", 12},
                                           {"U32", "[3]", 12},
                                           {"F32", "[3]", 12},
                                           {"I64", "[3]", 24},
                                           {"U64", "[3]", 24},
                                           {"F64", "[]", 8},
                                           {"C64", "[1,3,1]", 24},
                                           {"F32", "[0,9223372036854775807]", 0}}) {
    File file = sound;
    file.add({"extra.a", e.dtype, e.shape, Bytes(e.size, '\xff')});
    expect_good(container(file), std::string("a tensor of Python's own, ") + e.dtype);
    file = sound;
    file.add({"a", e.dtype, e.shape, Bytes(e.size, '\xff')});
    expect_error(container(file), "no part of this model", "a tensor that nothing needs");
    file = sound;
    file.add({"extra.a", e.dtype, e.shape, Bytes(e.size + 1, '\xff')});
    expect_error(container(file), "but its shape and dtype need", "a tensor with a byte more");
  }
  File file = sound;
  file.add({"extra.a", "F4", "[3]", "aa"});
  expect_error(container(file), "no whole number of bytes", "half a byte");

  const float bad[] = {std::nanf(""), INFINITY, -INFINITY};
  for (const float value : bad) {
    File broken = sound;
    std::memcpy(&broken.data[broken.data.size() - 8], &value, 4);
    expect_error(container(broken), "holds a NaN or an infinity", "a parameter");
    const auto wide = static_cast<double>(value);
    for (std::size_t at = 0; at < 64; at += 8) {
      broken = sound;
      std::memcpy(&broken.data[at], &wide, 8);
      expect_error(container(broken), "holds a NaN or an infinity", "a number of the scaling");
    }
  }
}

// Damage to anything that is read is found; format 1 has no digests that could find it.
void check_damage() {
  skrnn::ServingSettings settings = channels_model();
  const File sound = file_of(settings);
  const Bytes good = container(sound);
  const std::string description = sound.sealed_description();
  std::size_t taken = 0;
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Bytes bytes = good;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    const std::string what = "bit " + std::to_string(bit);
    if (!error_of(bytes, what).empty()) continue;
    ++taken;
    const skrnn::Model model = skrnn::Model::parse(bytes.data(), bytes.size());
    const std::vector<float> parameters = parameters_of(settings);
    expect(model.description() == description &&
               std::memcmp(model.parameters(), parameters.data(), parameters.size() * 4) == 0 &&
               model.settings().target_mean == settings.target_mean &&
               model.settings().target_scale == settings.target_scale &&
               model.settings().operations[0].values == settings.operations[0].values &&
               model.settings().operations[1].values == settings.operations[1].values,
           what + " is of nothing that is read");
  }
  expect(taken < 100, "flipped bits are found: " + std::to_string(taken) + " are not");

  File broken = sound;
  broken.data.back() = static_cast<char>(broken.data.back() ^ 1);
  expect_error(container(sound.header(), broken.data), "is damaged: its CRC-32 is", "a weight");
  const File old = sound.without_digests();
  expect_good(container(old.header_without_digests(), sound.data), "format 1");
  expect_good(container(old.header_without_digests(), broken.data), "format 1 with other weights");
}

void check_files_on_disk() {
  namespace fs = std::filesystem;
  const fs::path folder =
      fs::temp_directory_path() / ("check_files_" + std::to_string(std::rand()));
  fs::create_directories(folder);
  const auto path_of = [&](const char* name) { return (folder / fs::u8path(name)).u8string(); };
  const auto write = [&](const std::string& path, const Bytes& bytes) {
    std::ofstream(fs::u8path(path), std::ios::binary) << bytes;
  };
  // The errno of the std::system_error, 0 for a std::invalid_argument, or -1 for none.
  const auto error_number = [](const std::string& path) {
    most_in_use = in_use.load();
    try {
      skrnn::Model::load(path);
    } catch (const std::system_error& error) {
      return error.code() == error.code().default_error_condition() ? error.code().value() : -2;
    } catch (const std::invalid_argument&) {
      return 0;
    }
    return -1;
  };

  const File sound = file_of(channels_model());
  const std::string good = path_of(
                        "m\xc3\xb6"
                        "del.skrnn"),
                    bad = path_of("bad.skrnn");
  write(good, container(sound));
  expect(error_number(good) == -1, "a good file is read");
  expect(skrnn::Model::load(good).description() == sound.sealed_description(),
         "and says what it said");
  expect(error_number(path_of("none.skrnn")) == ENOENT, "a missing file is ENOENT");
  expect(error_number(path_of("none/none.skrnn")) == ENOENT, "in a missing folder, too");
  expect(error_number("") == ENOENT, "an empty path is ENOENT");
  expect(error_number(folder.u8string()) == EISDIR, "a folder is EISDIR");
  expect(error_number(good + std::string("\0x", 2)) == 0, "a NUL in a path is refused");
  write(bad, "");
  expect(error_number(bad) == 0, "an empty file is refused");
#ifndef _WIN32
  expect(error_number("/dev/zero") == 0, "a device is refused");
#endif

  // A terabyte that takes no space on the disk: nothing of it is read but the header.
  const std::string tail =
      ",\"head\":{\"dtype\":\"U8\",\"shape\":[1099511627776],"
      "\"data_offsets\":[" +
      std::to_string(sound.data.size()) + "," +
      std::to_string(sound.data.size() + (std::size_t{1} << 40)) + "]}";
  for (const std::string& tensors : {std::string(), tail}) {
    File file = sound;
    file.tensors += tensors;
    const Bytes bytes = container(file);
    write(bad, bytes);
    std::error_code error;
    fs::resize_file(fs::u8path(bad), bytes.size() + (std::uintmax_t{1} << 40), error);
    if (error) break;  // a file system without holes in files
    const std::size_t before = in_use;
    expect(error_number(bad) == 0, "a file of a terabyte is refused");
    expect(most_in_use - before < 1'000'000, "without reading it");
  }
  fs::remove_all(folder);
}

}  // namespace

int main() {
  check_arrives(channels_model(), "a model of channels");
  check_arrives(tokens_model(), "a model of tokens");
  skrnn::ServingSettings fills = channels_model();
  fills.operations.push_back({skrnn::ChannelOperation::Kind::kFill, {0.5, -2}, true});
  check_arrives(fills, "a model that fills");
  check_json();
  check_description();
  check_container();
  check_damage();
  check_files_on_disk();
  return conclusion();
}
