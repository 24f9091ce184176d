// RFC 3339 both ways.
#include "timestamp.hpp"

#include <gtest/gtest.h>

namespace egiz {
namespace {

TEST(Timestamp, PrintsMillisecondsInUtc) {
    EXPECT_EQ(format_timestamp(0).view(), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(format_timestamp(1'769'682'600'123).view(), "2026-01-29T10:30:00.123Z");
    EXPECT_EQ(format_timestamp(UINT64_MAX).view(), "9999-12-31T23:59:59.999Z");
}

TEST(Timestamp, RoundTripsEveryDayOfFourHundredYears) {
    for (std::uint64_t day = 0; day < 146'097; ++day) {
        const std::uint64_t ms = day * 86'400'000 + 86'399'999;
        const Result<std::uint64_t> back = parse_timestamp(format_timestamp(ms).view());
        ASSERT_TRUE(back.ok());
        ASSERT_EQ(back.value(), ms);
    }
}

TEST(Timestamp, ReadsOffsetsFractionsAndLeapSeconds) {
    EXPECT_EQ(parse_timestamp("2026-01-29T10:30:00Z").value(), 1'769'682'600'000U);
    EXPECT_EQ(parse_timestamp("2026-01-29t12:00:00.1239+01:30").value(), 1'769'682'600'123U);
    EXPECT_EQ(parse_timestamp("2026-01-29T05:30:00-05:00").value(), 1'769'682'600'000U);
    EXPECT_TRUE(parse_timestamp("2016-12-31T23:59:60Z").ok());
    EXPECT_TRUE(parse_timestamp("2028-02-29T00:00:00Z").ok());
}

TEST(Timestamp, RefusesWhatIsNoTime) {
    for (const char* text : {"", "2026-01-29", "2026-01-29T10:30:00", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
                             "2026-01-00T00:00:00Z", "2026-01-29T24:00:00Z", "2026-01-29T10:60:00Z", "2026-01-29T10:30:61Z",
                             "2026-01-29T10:30:00.Z", "2026-01-29 10:30:00Z", "2026-01-29T10:30:00+1:00", "1969-12-31T23:59:59Z",
                             "2026-01-29T10:30:00Zx", "2026-01-29T10:30:00+24:00", "0000-00-00T00:00:00Z"}) {
        EXPECT_FALSE(parse_timestamp(text).ok()) << text;
    }
}

}  // namespace
}  // namespace egiz
