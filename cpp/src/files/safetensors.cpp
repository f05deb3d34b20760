#include "files/safetensors.h"

#include <algorithm>
#include <limits>

#include "files/json_strings.h"
#include "files/refusal.h"

namespace skrnn {
namespace {

#ifdef __BYTE_ORDER__
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are read as they are stored");
#endif

constexpr std::int64_t kLengthSize = 8;
constexpr std::uint64_t kLongestHeader = 100'000'000;  // as in the reference implementation

struct Dtype {
  std::string_view name;
  std::int64_t bits;
};
constexpr Dtype kDtypes[] = {
    {"BOOL", 8},        {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
    {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
    {"F8_E5M2FNUZ", 8}, {"I16", 16},    {"U16", 16},    {"F16", 16},    {"BF16", 16},
    {"I32", 32},        {"U32", 32},    {"F32", 32},    {"C64", 64},    {"F64", 64},
    {"I64", 64},        {"U64", 64},
};

std::string bytes(std::int64_t n) { return std::to_string(n) + " bytes"; }

const Dtype& read_dtype(const Json& text, const std::string& tensor) {
  const auto name = text.string();
  for (const Dtype& dtype : kDtypes) {
    if (name == dtype.name) return dtype;
  }
  refuse_file(tensor + " has the unknown dtype " + in_quotes(text.text()));
}

constexpr std::size_t kMostDimensions = 64;  // as in NumPy and PyTorch

// A list of sizes or offsets, none of which is negative.
std::vector<std::int64_t> read_list(const Json& list, const std::string& tensor,
                                    const char* field) {
  std::vector<std::int64_t> result;
  if (!list.is_array()) {
    refuse_file(tensor + ": " + field + " must be a list of integers, got " +
                in_quotes(list.text()));
  }
  for (JsonItems items(list); items.next();) {
    if (result.size() == kMostDimensions)
      refuse_file(tensor + ": " + field + " has more than 64 entries");
    const auto number = items.value().integer();
    if (!number || *number < 0) {
      refuse_file(tensor + ": " + field + " must hold integers from 0 to 2^63 - 1, got " +
                  in_quotes(items.value().text()));
    }
    result.push_back(*number);
  }
  return result;
}

// The size of a tensor in bytes. Throws if it is not a whole number, or overflows.
std::int64_t byte_size(const std::vector<std::int64_t>& shape, const Dtype& dtype,
                       const std::string& tensor) {
  constexpr std::int64_t kMostBits = std::numeric_limits<std::int64_t>::max();
  std::int64_t bits = dtype.bits;
  for (const std::int64_t n : shape) {
    if (bits != 0 && n > kMostBits / bits) refuse_file(tensor + ": its shape is too large");
    bits *= n;
  }
  if (bits % 8 != 0) refuse_file(tensor + ": its shape fills no whole number of bytes");
  return bits / 8;
}

}  // namespace

Safetensors::Safetensors(ByteSource& source) : source_(source) {
  if (source.size() < kLengthSize) {
    refuse_file("the file is too short: it has " + bytes(source.size()) +
                ", and a safetensors file begins with 8 that say how long its header is");
  }
  unsigned char digits[kLengthSize];
  source.read(0, kLengthSize, digits);
  std::uint64_t length = 0;
  for (int i = kLengthSize - 1; i >= 0; --i) length = length << 8 | digits[i];
  const auto rest = static_cast<std::uint64_t>(source.size() - kLengthSize);
  if (length > kLongestHeader || length > rest) {
    refuse_file("the file is no safetensors file, or cut off: it says that its header has " +
                std::to_string(length) + " bytes, of which there are " + std::to_string(rest) +
                "; at most " + std::to_string(kLongestHeader) + " are allowed");
  }
  header_.resize(static_cast<std::size_t>(length));
  source.read(kLengthSize, static_cast<std::int64_t>(length), header_.data());
  data_begin_ = kLengthSize + static_cast<std::int64_t>(length);

  if (header_.empty() || header_.front() != '{') {
    refuse_file("the file is no safetensors file: its header does not begin with \"{\"");
  }
  const Json header = Json::parse(header_, "the header of the file");
  for (JsonItems items(header); items.next();) {
    const std::string name = items.name();
    if (name == "__metadata__") {
      metadata_ = items.value();
    } else {
      add(name, items.value());
    }
  }
  if (metadata_) {
    if (!metadata_->is_object()) refuse_file("\"__metadata__\" in the header must be an object");
    for (JsonItems items(*metadata_); items.next();) {
      if (items.value().text().front() != '"') {
        refuse_file("\"__metadata__\" in the header must hold strings, got " +
                    in_quotes(items.value().text()) + " for " + in_quotes(items.name()));
      }
    }
  }
  check_coverage();
}

void Safetensors::add(const std::string& name, const Json& description) {
  const std::string tensor = "tensor " + in_quotes(name);
  const auto dtype_text = description.find("dtype");
  const auto shape_text = description.find("shape");
  const auto offsets_text = description.find("data_offsets");
  if (!dtype_text || !shape_text || !offsets_text || description.size() != 3) {
    refuse_file(tensor + " must have dtype, shape and data_offsets, and nothing else");
  }
  const Dtype& dtype = read_dtype(*dtype_text, tensor);
  std::vector<std::int64_t> shape = read_list(*shape_text, tensor, "shape");
  const std::vector<std::int64_t> offsets = read_list(*offsets_text, tensor, "data_offsets");
  if (offsets.size() != 2 || offsets[0] > offsets[1]) {
    refuse_file(tensor + ": data_offsets must be a begin and an end, got " +
                in_quotes(offsets_text->text()));
  }
  const std::int64_t size = byte_size(shape, dtype, tensor);
  if (offsets[1] - offsets[0] != size) {
    refuse_file(tensor + " has " + bytes(offsets[1] - offsets[0]) +
                ", but its shape and dtype need " + std::to_string(size));
  }
  tensors_.push_back({name, dtype.name, std::move(shape), offsets[0], offsets[1]});
}

void Safetensors::check_coverage() {
  std::sort(tensors_.begin(), tensors_.end(), [](const Tensor& a, const Tensor& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::int64_t covered = 0;
  for (const Tensor& tensor : tensors_) {
    if (tensor.begin != covered) {
      refuse_file("tensor " + in_quotes(tensor.name) + " begins at byte " +
                  std::to_string(tensor.begin) +
                  " of the data, but the tensors before it end at byte " + std::to_string(covered));
    }
    covered = tensor.end;
  }
  const std::int64_t size = source_.size() - data_begin_;
  if (covered != size) {
    refuse_file("the file is cut off, or has bytes too many: its tensors have " + bytes(covered) +
                ", and the file holds " + std::to_string(size) + " after the header");
  }
  std::sort(tensors_.begin(), tensors_.end(),
            [](const Tensor& a, const Tensor& b) { return a.name < b.name; });
}

const Tensor* Safetensors::find(std::string_view name) const {
  const auto place =
      std::lower_bound(tensors_.begin(), tensors_.end(), name,
                       [](const Tensor& tensor, std::string_view n) { return tensor.name < n; });
  return place != tensors_.end() && place->name == name ? &*place : nullptr;
}

std::optional<std::string> Safetensors::metadata(std::string_view name) const {
  const auto text = metadata_ ? metadata_->find(name) : std::nullopt;
  return text ? text->string() : std::nullopt;
}

void Safetensors::read(const Tensor& tensor, void* to) const {
  source_.read(data_begin_ + tensor.begin, tensor.end - tensor.begin, to);
}

}  // namespace skrnn
