// Reads a trained model from a file that skrnn.save wrote, or that anyone else made.
//
// The file is a safetensors container. Its metadata has, under the name "skrnn", a JSON object, the
// description:
//
//   format_version  5; files of format 1 have no digests; before 3 the losses squared_error and
//                   absolute_error were called squared and absolute, and every loss had delta and
//                   quantiles beside its name; before 4 no network answered at every step; before 5
//                   there were no arrays
//   crc32           {tensor: the CRC-32 of its bytes, an integer, ...} of all that are read
//   network         cell, input_size, embedding_size, hidden_size, num_layers, bidirectional,
//                   pooling, output_size: members of NetworkSettings; tie_weights if true;
//                   side_channels, projection_size, horizon and future_covariates if there are any;
//                   for a model that reads letters characters, character_embedding_size and
//                   character_hidden_size
//   loss            name, options: {name: a number, or a list of numbers, ...}, targets
//   input           {"operations": [{"operation": a name of ChannelOperation::Kind, as "subtract",
//                                    "tensor": "input.<i>", "in_float64": boolean}, ...]}
//   arrays          {name: a length of 1 or more, ...} if there are any: numbers beside the network
//   digest          the last member, without a blank before or in it, `,"digest":"1a2b3c4d"}`: the
//                   CRC-32 of the text before it, as UTF-8, in hexadecimal digits
//
// and whatever else Python keeps there, such as "forecaster" (forecast_settings.cpp reads a part).
// Together the digests cover all that is read, wherever the tensors stand in the file (crc32.h).
// They are the parameters of the NetworkLayout, float32 under their own names; "target.mean" and
// "target.scale" [targets], and for the i-th operation "input.<i>" [C], float64; for each array
// "array.<name>" [length], float64; and tensors whose names begin with "extra.", which are not
// read.
#pragma once

#include <cstddef>
#include <string>

#include "base/buffer.h"
#include "skrnn/model.h"

namespace skrnn {

struct ModelFile {
  ServingSettings settings;
  Buffer<float> parameters;  // the arena of NetworkLayout(settings.network), all finite
  std::string description;   // the text of the JSON object
};

// The tensors that come back have the shapes that the settings ask for, and finite numbers; whether
// the settings fit one another is for Model to say. Anything else throws std::invalid_argument that
// says what is wrong, in printable ASCII, having used little more memory than the file is long; a
// file that cannot be opened or read throws std::system_error with an errno.
ModelFile read_model_file(const std::string& path);
ModelFile parse_model_file(const char* data, std::size_t size);

}  // namespace skrnn
