#include "files/crc32.h"

#include <array>

namespace skrnn {
namespace {

using Table = std::array<std::uint32_t, 256>;

// The remainders of all bytes, least significant bit first.
constexpr Table make_table() {
  constexpr std::uint32_t kPolynomial = 0xedb88320;
  Table table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) {
      remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? kPolynomial : 0);
    }
    table[byte] = remainder;
  }
  return table;
}

constexpr Table kTable = make_table();

}  // namespace

std::uint32_t crc32(const void* data, std::size_t size) noexcept {
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::uint32_t remainder = ~std::uint32_t{0};
  for (std::size_t i = 0; i < size; ++i) {
    remainder = (remainder >> 8) ^ kTable[(remainder ^ bytes[i]) & 0xff];
  }
  return ~remainder;
}

}  // namespace skrnn
