// A packet, one register of float32 lanes, and its operations. The only file that includes Eigen.
//
// The including unit defines SKRNN_ISA (the namespace of its instruction set) and renames Eigen, so
// that no function instantiated here can be shared with a unit built for another instruction set.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <cstring>

#if defined(_MSC_VER)
#define SKRNN_INLINE __forceinline
#else
#define SKRNN_INLINE inline __attribute__((always_inline))
#endif

// Unrolls the loop that follows n times.
#define SKRNN_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define SKRNN_UNROLL(n) SKRNN_PRAGMA(unroll n)
#elif defined(__GNUC__)
#define SKRNN_UNROLL(n) SKRNN_PRAGMA(GCC unroll n)
#else
#define SKRNN_UNROLL(n)
#endif

namespace skrnn::SKRNN_ISA {

using Index = std::int64_t;
using Packet = Eigen::internal::packet_traits<float>::type;
using IntPacket = Eigen::internal::unpacket_traits<Packet>::integer_packet;

constexpr int kLanes = Eigen::internal::unpacket_traits<Packet>::size;

SKRNN_INLINE Packet splat(float a) { return Eigen::internal::pset1<Packet>(a); }
SKRNN_INLINE Packet load(const float* p) { return Eigen::internal::ploadu<Packet>(p); }
SKRNN_INLINE void store(float* p, Packet a) { Eigen::internal::pstoreu(p, a); }

SKRNN_INLINE Packet add(Packet a, Packet b) { return Eigen::internal::padd(a, b); }
SKRNN_INLINE Packet sub(Packet a, Packet b) { return Eigen::internal::psub(a, b); }
SKRNN_INLINE Packet mul(Packet a, Packet b) { return Eigen::internal::pmul(a, b); }
SKRNN_INLINE Packet div(Packet a, Packet b) { return Eigen::internal::pdiv(a, b); }
SKRNN_INLINE Packet sqrt(Packet a) { return Eigen::internal::psqrt(a); }
// a * b + c, with one rounding if the instruction set has fused multiply-add.
SKRNN_INLINE Packet mul_add(Packet a, Packet b, Packet c) {
  return Eigen::internal::pmadd(a, b, c);
}

// Both return NaN if `a` is NaN.
SKRNN_INLINE Packet at_most(Packet a, Packet bound) { return Eigen::internal::pmin(a, bound); }
SKRNN_INLINE Packet at_least(Packet a, Packet bound) { return Eigen::internal::pmax(a, bound); }

SKRNN_INLINE Packet magnitude(Packet a) { return Eigen::internal::pabs(a); }
SKRNN_INLINE Packet sign_bit(Packet a) { return Eigen::internal::pand(a, splat(-0.0f)); }
SKRNN_INLINE Packet bit_or(Packet a, Packet b) { return Eigen::internal::por(a, b); }
// 1 in the lanes where a > 0, else 0.
SKRNN_INLINE Packet is_positive(Packet a) {
  return Eigen::internal::pand(Eigen::internal::pcmp_lt(splat(0.0f), a), splat(1.0f));
}

// 2^n, where `a` holds 1.5 * 2^23 + n and n is an integer in -127..127; 0 for n = -127.
SKRNN_INLINE Packet exp2_of_shifted(Packet a) {
  using namespace Eigen::internal;
  const IntPacket bits = plogical_shift_left<23>(preinterpret<IntPacket>(a));
  return preinterpret<Packet>(padd(bits, pset1<IntPacket>(127 << 23)));
}

// Copies n < 2 * kHalf floats as powers of two: calls of memcpy would take longer than the copy.
template <int kHalf>
SKRNN_INLINE void copy_few(float* to, const float* from, int n) {
  if ((n & kHalf) != 0) {
    std::memcpy(to, from, kHalf * sizeof(float));
    to += kHalf;
    from += kHalf;
  }
  if constexpr (kHalf > 1) copy_few<kHalf / 2>(to, from, n);
}

// The first n lanes (1 <= n <= kLanes); the lanes beyond are zero, and their memory is not touched.
template <class Traits = Eigen::internal::unpacket_traits<Packet>>
SKRNN_INLINE Packet load(const float* p, int n) {
  if (n >= kLanes) return load(p);
  if constexpr (Traits::masked_load_available) {
    return Eigen::internal::ploadu<Packet>(p, static_cast<typename Traits::mask_t>((1 << n) - 1));
  } else {
    float lanes[kLanes] = {};
    copy_few<kLanes / 2>(lanes, p, n);
    return load(lanes);
  }
}
// Not with a mask: there are processors that take 40 operations for such a store.
SKRNN_INLINE void store(float* p, Packet a, int n) {
  if (n >= kLanes) return store(p, a);
  float lanes[kLanes];
  store(lanes, a);
  copy_few<kLanes / 2>(p, lanes, n);
}

// The first n lanes of `a`, and zeros.
SKRNN_INLINE Packet keep_first(Packet a, int n) {
  using namespace Eigen::internal;
  return pand(a, pcmp_lt(plset<Packet>(0.0f), splat(static_cast<float>(n))));
}

SKRNN_INLINE float sum_of_lanes(Packet a) { return Eigen::internal::predux(a); }
SKRNN_INLINE float largest_lane(Packet a) { return Eigen::internal::predux_max(a); }

// Swaps rows and columns of the square that kLanes packets form.
SKRNN_INLINE void transpose(Packet (&rows)[kLanes]) {
  Eigen::internal::PacketBlock<Packet, kLanes> block;
  for (int i = 0; i < kLanes; ++i) block.packet[i] = rows[i];
  Eigen::internal::ptranspose(block);
  for (int i = 0; i < kLanes; ++i) rows[i] = block.packet[i];
}

}  // namespace skrnn::SKRNN_ISA
