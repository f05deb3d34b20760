// Checks of the reader of model files: sound files are read completely, and each error in a file
// has its message. check_description.cpp checks the description in a file, check_mutated_files.cpp
// has files broken at random.
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
  // The text has every setting but the values of tensors.
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
  expect(model.settings().arrays.size() == settings.arrays.size(), what + ": the arrays");
  for (const auto& [name, values] : settings.arrays) {
    const std::vector<double>& found = model.settings().arrays.at(name);
    expect(bytes_of(found) == bytes_of(values), what + ": the array " + name);
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
    expect_error(container(file), "no part of this model", "an unknown tensor");
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
    skrnn::ServingSettings settings = arrays_model();
    settings.arrays["facts"] = {wide};
    expect_error(container(file_of(settings)), "tensor \"array.facts\" holds a NaN or an infinity",
                 "an array");
  }
}

// Damage to every byte that is read is detected; format 1 has no digests to detect it.
void check_damage() {
  skrnn::ServingSettings settings = channels_model();
  settings.arrays["facts"] = {1.5, 2};
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
               model.settings().arrays == settings.arrays &&
               model.settings().target_mean == settings.target_mean &&
               model.settings().target_scale == settings.target_scale &&
               model.settings().operations[0].values == settings.operations[0].values &&
               model.settings().operations[1].values == settings.operations[1].values,
           what + " is not read");
  }
  expect(taken < 100, "flipped bits are detected: " + std::to_string(taken) + " are not");

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
         "with its description");
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

  // A terabyte that takes no space on the disk: only its header is read.
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
    if (error) break;  // a file system without sparse files
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
  check_arrives(letters_model(), "a model of letters");
  check_arrives(sided_model(), "a model of side channels");
  check_arrives(projected_model(), "a model with a projection");
  check_arrives(horizon_model(), "a model of steps to come");
  check_arrives(arrays_model(), "a model with arrays");
  skrnn::ServingSettings tied = tokens_model();
  tied.network.output_size = tied.network.input_size;
  tied.network.embedding_size = 2 * tied.network.hidden_size;  // of both directions
  tied.network.tie_weights = true;
  check_arrives(tied, "a model of tied weights");
  skrnn::ServingSettings fills = channels_model();
  fills.operations.push_back({skrnn::ChannelOperation::Kind::kFill, {0.5, -2}, true});
  check_arrives(fills, "a model that fills");
  check_container();
  check_damage();
  check_files_on_disk();
  return conclusion();
}
