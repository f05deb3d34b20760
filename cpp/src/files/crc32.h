// The CRC-32 of zip, gzip and PNG (ISO 3309), which Python has as zlib.crc32.
//
// It is for damage: it finds any flipped bit, any two of them in tensors below 500 MB, and any
// change within 32 bits in a row, and misses one of four billion of the others. It needs a table
// and a line, where a cryptographic digest would need a hundred and take longer. So it is no
// signature: who changes a file on purpose can write the CRC-32 that suits it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace skrnn {

std::uint32_t crc32(const void* data, std::size_t size) noexcept;

}  // namespace skrnn
