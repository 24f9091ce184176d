// Every enumerator has its own word: a status that says "unknown" helps nobody.
#include <gtest/gtest.h>

#include <set>

#include "ports.hpp"

namespace {

template <class E>
void expect_distinct_words(int first, int last) {
    std::set<std::string_view> words;
    for (int i = first; i <= last; ++i) words.insert(to_string(static_cast<E>(i)));
    EXPECT_EQ(words.size(), static_cast<std::size_t>(last - first + 1));
}

TEST(Names, QualityCodesAreDistinct) { expect_distinct_words<egiz::Quality>(0, 6); }
TEST(Names, ErrorsAreDistinct) { expect_distinct_words<egiz::Err>(0, 10); }
TEST(Names, ResetReasonsAreDistinct) { expect_distinct_words<egiz::ResetReason>(0, 8); }
TEST(Names, ValueOutsideTheEnumerationIsUnknown) { EXPECT_EQ(to_string(static_cast<egiz::Quality>(99)), "unknown"); }

}  // namespace
