// The arithmetic that the emulated core borrows (xtensa/arithmetic.cpp), held against the host's own.
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>

#define __udivsi3 sim_udivsi3
#define __umodsi3 sim_umodsi3
#define __udivdi3 sim_udivdi3
#define __umoddi3 sim_umoddi3
#define __divsi3 sim_divsi3
#define __divdi3 sim_divdi3
#define __muldi3 sim_muldi3
#define __umulsidi3 sim_umulsidi3
#define __adddf3 sim_adddf3
#define __subdf3 sim_subdf3
#define __muldf3 sim_muldf3
#define __divdf3 sim_divdf3
#define __floatunsidf sim_floatunsidf
#define __floatsidf sim_floatsidf
#define __fixunsdfsi sim_fixunsdfsi
#define __fixdfsi sim_fixdfsi
#include "../xtensa/arithmetic.cpp"

namespace {

class Draw {
  public:
    std::uint64_t bits() {
        state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return (state_ >> 32) << 32 | ((state_ * 31) >> 32);
    }
    double real() {
        const std::uint64_t exponent = 1023 - 60 + bits() % 120;
        return std::bit_cast<double>((bits() & ~(0x7FFULL << 52)) | (exponent << 52));
    }

  private:
    std::uint64_t state_ = 11;
};

TEST(EmulatedArithmetic, IntegersDivideAndMultiplyAsHere) {
    Draw draw;
    for (int i = 0; i < 20'000; ++i) {
        const std::uint64_t a = draw.bits() >> (draw.bits() % 64);
        const std::uint64_t b = (draw.bits() >> (draw.bits() % 64)) | 1;
        ASSERT_EQ(sim_udivdi3(a, b), a / b);
        ASSERT_EQ(sim_umoddi3(a, b), a % b);
        ASSERT_EQ(sim_muldi3(a, b), a * b);
        const auto c = static_cast<std::uint32_t>(a);
        const auto d = static_cast<std::uint32_t>(b) | 1U;
        ASSERT_EQ(sim_udivsi3(c, d), c / d);
        ASSERT_EQ(sim_umodsi3(c, d), c % d);
    }
    EXPECT_EQ(sim_divsi3(-7, 2), -3);
    EXPECT_EQ(sim_divdi3(-7'000'000'000, 2'000'000'000), -3);
}

TEST(EmulatedArithmetic, DoublesRoundAsHere) {
    Draw draw;
    for (int i = 0; i < 100'000; ++i) {
        const double a = draw.real();
        const double b = draw.real();
        ASSERT_EQ(sim_adddf3(a, b), a + b) << a << ' ' << b;
        ASSERT_EQ(sim_subdf3(a, b), a - b) << a << ' ' << b;
        ASSERT_EQ(sim_muldf3(a, b), a * b) << a << ' ' << b;
        ASSERT_EQ(sim_divdf3(a, b), a / b) << a << ' ' << b;
        const auto n = static_cast<std::int32_t>(draw.bits());
        ASSERT_EQ(sim_floatsidf(n), static_cast<double>(n));
        ASSERT_EQ(sim_fixdfsi(static_cast<double>(n) + 0.25), static_cast<std::int32_t>(static_cast<double>(n) + 0.25));
    }
    EXPECT_EQ(sim_adddf3(1.0, -1.0), 0.0);
    EXPECT_EQ(sim_divdf3(0.0, 3.0), 0.0);
}

}  // namespace
