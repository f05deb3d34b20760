// Checks of the description in model files: strict JSON, with the fields of a model.
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "model_files.h"

namespace {

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

  const auto with_delta = [](const std::string& text) {
    File file = file_of(huber_model());
    file.description = replaced(file.description, "1.000000", text);
    return container(file);
  };
  for (const double delta : {0.1, 1.0, 4.9406564584124654e-324, 2.2250738585072014e-308,
                             1.7976931348623157e308, 123456789.12345678}) {
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", delta);
    const Bytes bytes = with_delta(text);
    expect_good(bytes, std::string("delta ") + text);
    const skrnn::Model model = skrnn::Model::parse(bytes.data(), bytes.size());
    expect(std::get<double>(model.settings().loss.options.at("delta")) == delta,
           std::string("delta is read as ") + text);
  }
  for (const char* text : {"1e309", "-1e309", "1e-400", "\"1\"", "true", "null", "[1]", "{}"}) {
    expect_error(with_delta(text), "loss.options.delta", std::string("delta ") + text);
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
           {"\"format_version\": 5", "\"format_version\": 6", "update scikit-rnn"},
           {"\"format_version\": 5", "\"format_version\": 0", "format_version 0"},
           {"\"format_version\": 5", "\"format_version\": \"3\"", "format_version"},
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
           {"\"output_size\": 4", "\"output_size\": 4, \"tie_weights\": true",
            "needs an embedding"},
           {"\"output_size\": 4", "\"output_size\": 4, \"tie_weights\": 1",
            "must be true or false"},
           {"\"output_size\": 4", "\"output_size\": 4, \"horizon\": 2",
            "horizon must be 0 without pooling 'horizon', got 2"},
           {"\"last\"", "\"horizon\"", "horizon must be at least 1 with pooling 'horizon', got 0"},
           {"\"last\"", "\"horizon\", \"horizon\": -1", "must be at least 1"},
           {"\"last\"", "\"horizon\", \"horizon\": 9223372036854775807", "horizon is 92"},
           {"\"output_size\": 4", "\"output_size\": 4, \"projection_size\": -2",
            "projection_size must not be negative"},
           {"\"output_size\": 4", "\"output_size\": 4, \"projection_size\": 2.0",
            "network.projection_size must be an integer"},
           {"\"embedding_size\": 0", "\"embedding_size\": 2, \"projection_size\": 2",
            "projection_size is for channels"},
           {"\"output_size\": 4", "\"output_size\": 4, \"side_channels\": 2",
            "side_channels stand beside the vectors of tokens"},
           {"\"output_size\": 4", "\"output_size\": 4, \"side_channels\": -2",
            "side_channels must not be negative"},
           {"\"output_size\": 4", "\"output_size\": 4, \"side_channels\": true",
            "must be an integer"},
           {"\"lstm\"", "\"lsmt\"", "unknown cell 'lsmt'"},
           {"\"lstm\"", "\"gru\"", "rnn.weight_ih_l0"},
           {"\"lstm\"", "\"lstm\\u0000\"", "network.cell is unknown"},
           {"\"lstm\"", "\"\\u001b[2J\"", "network.cell is unknown"},
           {"\"lstm\"", "7", "network.cell must be a string"},
           {"\"last\"", "\"first\"", "unknown pooling 'first'"},
           {"\"last\"", "\"attention\"", "attention.weight"},
           {"\"quantile\"", "\"quantil\"", "unknown loss 'quantil'"},
           {"\"quantile\"", "\"squared_error\"", "options has \"quantiles\", which loss"},
           {"\"quantile\"", "\"quantile\\u0000\"", "loss.name is unknown"},
           {"[0.250000, 0.750000]", "[0.25]", "needs output_size 2"},
           {"[0.250000, 0.750000]", "[]", "quantile"},
           {"[0.250000, 0.750000]", "[0.25, 1.75]", "quantiles must be in (0, 1)"},
           {"[0.250000, 0.750000]", "[0.25, \"a\"]", "loss.options.quantiles[1]"},
           {"[0.250000, 0.750000]", "{}", "must be a list"},
           {"[0.250000, 0.750000]", "0.5", "must be a list"},
           {"\"quantiles\": [0.250000, 0.750000]", "", "quantiles must be a list"},
           {"\"quantiles\"", "\"quantile\"", "options has \"quantile\", which loss"},
           {"\"options\"", "\"option\"", "loss has no \"options\""},
           {"\"options\": {", "\"options\": 3, \"x\": {", "options must be an object"},
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
  File huber = file_of(huber_model());
  huber.description = replaced(huber.description, "1.000000", "-1");
  expect_error(container(huber), "delta must be above 0, got -1", "a delta below 0");

  for (const Case& c : std::vector<Case>{
           {"\"facts\": 1", "\"facts\": 2", "must be F64 of shape [2], got F64 of shape [1]"},
           {"\"facts\": 1", "\"facts\": 0", "a length of 1 or more for each name, got \"0\""},
           {"\"facts\": 1", "\"facts\": -1", "a length of 1 or more"},
           {"\"facts\": 1", "\"facts\": 1.0", "a length of 1 or more"},
           {"\"facts\": 1", "\"facts\": [1]", "a length of 1 or more"},
           {"\"facts\": 1", "\"facts\": 9223372036854775807", "must be F64 of shape [92"},
           {"\"facts\": 1", "\"fact\": 1", "tensor \"array.fact\" is missing"},
           {"\"facts\": 1", "\"\\u001b[2J\": 1", "a length of 1 or more"},
           {"\"facts\": 1, ", "", "tensor \"array.facts\" is no part of this model"},
           {"\"arrays\": {", "\"arrays\": [], \"x\": {", "arrays must be an object"},
           {"\"arrays\"", "\"array\"", "is no part of this model"},
       }) {
    File file = file_of(arrays_model());
    file.description = replaced(file.description, c.from, c.to);
    expect_error(container(file), c.words, std::string(c.from) + " -> " + c.to);
  }

  // Sizes must not overflow either if no shape of a tensor contradicts them.
  File open = file_of(tokens_model());
  for (const char* loss : {"squared_error", "gaussian_nll", "quantile", "cross_entropy"}) {
    for (const char* targets : {"0", "-1", "2", "4611686018427387904", "9223372036854775807"}) {
      File file = open;
      file.description = replaced(file.description, "cross_entropy", loss);
      file.description =
          replaced(file.description, "\"targets\": 1", std::string("\"targets\": ") + targets);
      if (loss == std::string("quantile")) {
        file.description = replaced(file.description, "\"options\": {}",
                                    "\"options\": {\"quantiles\": [0.1, 0.2, 0.3, 0.4]}");
      }
      error_of(container(file), std::string(loss) + " of targets " + targets);
    }
  }
}

skrnn::Model model_of_estimator(const std::string& estimator) {
  File file = file_of(tokens_model());
  file.description =
      replaced(file.description, "\"estimator\": null", "\"estimator\": " + estimator);
  const Bytes bytes = container(file);
  return skrnn::Model::parse(bytes.data(), bytes.size());
}

// The strings that tokens stand for, which a file need not have.
void check_vocabulary() {
  const auto vocabulary = [&](const std::string& value) {
    return model_of_estimator("{\"fitted\": {\"vocabulary\": " + value + "}}").vocabulary();
  };
  using Strings = std::vector<std::string>;
  expect(vocabulary("[\"a\", \"\\u00f6\", \"\"]") == Strings{"a", "\xc3\xb6", ""}, "a vocabulary");
  expect(vocabulary("[]").empty() && vocabulary("null").empty(), "no strings");
  for (const char* estimator : {"null", "{}", "1", "{\"fitted\": []}"}) {
    expect(model_of_estimator(estimator).vocabulary().empty(),
           std::string("no vocabulary in ") + estimator);
  }
  for (const char* value : {"1", "{}", "\"ab\"", "[1]", "[\"a\", null]", "[[\"a\"]]"}) {
    try {
      vocabulary(value);
      expect(false, std::string("a vocabulary of ") + value);
    } catch (const std::invalid_argument& error) {
      expect(std::string(error.what()).find("vocabulary must be a list") != std::string::npos,
             value);
    }
  }
}

// How texts are made of tokens, which only the file of a language model has.
void check_texts() {
  const auto texts = [](const std::string& answers) {
    return model_of_estimator("{\"fitted\": {\"answers\": " + answers + "}}").texts();
  };
  const std::string begin = "{\"kind\": \"next_tokens\", \"tokens\": ";
  const auto found = texts(begin + "\"word\", \"one_text\": true}");
  expect(found && found->tokens == "word" && found->one_text, "one text of words");
  expect(!texts(begin + "\"char\", \"one_text\": false}")->one_text, "texts of letters");
  for (const char* answers : {"null", "1", "{}", "{\"kind\": \"numbers\"}", "{\"kind\": 1}"}) {
    expect(!texts(answers), std::string("no texts in ") + answers);
  }
  expect(!model_of_estimator("null").texts(), "no texts without an estimator");
  for (const char* end : {"1, \"one_text\": true}", "\"char\"}", "\"char\", \"one_text\": 0}"}) {
    try {
      texts(begin + end);
      expect(false, std::string("texts of ") + end);
    } catch (const std::invalid_argument& error) {
      expect(std::string(error.what()).find("answers must have tokens") != std::string::npos, end);
    }
  }
}

}  // namespace

int main() {
  check_json();
  check_description();
  check_vocabulary();
  check_texts();
  return conclusion();
}
