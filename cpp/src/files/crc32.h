// The CRC-32 of zip, gzip and PNG (ISO 3309), which Python has as zlib.crc32.
//
// It detects accidental damage: any flipped bit, any two flipped bits in tensors below 500 MB, any
// change within 32 bits in a row, and all but one in four billion of other changes. It takes a
// table and a line of code, where a cryptographic digest would take a hundred lines and longer to
// run. It is not a signature: a file that is changed on purpose can carry a matching CRC-32.
#pragma once

#include <cstddef>
#include <cstdint>

namespace skrnn {

std::uint32_t crc32(const void* data, std::size_t size) noexcept;

}  // namespace skrnn
