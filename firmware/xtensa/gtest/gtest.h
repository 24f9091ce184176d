// As much of GoogleTest's interface as the tests of the core use, for a machine without an operating system. The same
// test files run here and under the real GoogleTest.
#pragma once

#include <cstddef>
#include <string_view>

namespace testing {

class Test {
  public:
    virtual ~Test() = default;
    virtual void SetUp() {}
    virtual void TearDown() {}
    virtual void TestBody() = 0;
    static bool HasFatalFailure();
    static bool HasNonfatalFailure();
    static void RecordProperty(const char*, int) {}
};

struct Registration {
    Registration(const char* suite, const char* name, Test* (*make)());
    const char* suite;
    const char* name;
    Test* (*make)();
    Registration* next;
};

void report_failure(const char* file, int line, const char* what, bool fatal);

// Swallows what a test streams into an assertion.
struct Words {
    template <class T>
    const Words& operator<<(const T&) const {
        return *this;
    }
};
struct Failure {
    const char* file;
    int line;
    const char* what;
    bool fatal;
    void operator=(const Words&) const { report_failure(file, line, what, fatal); }
};

}  // namespace testing

#define EGIZ_TEST_CLASS(suite, name) suite##_##name##_Test
#define EGIZ_TEST(suite, name, parent)                                                                       \
    class EGIZ_TEST_CLASS(suite, name) : public parent {                                                     \
      public:                                                                                                \
        void TestBody() override;                                                                            \
        static ::testing::Test* make() { return new EGIZ_TEST_CLASS(suite, name); }                          \
    };                                                                                                       \
    static ::testing::Registration suite##_##name##_registration(#suite, #name, &EGIZ_TEST_CLASS(suite, name)::make); \
    void EGIZ_TEST_CLASS(suite, name)::TestBody()
#define TEST(suite, name) EGIZ_TEST(suite, name, ::testing::Test)
#define TEST_F(suite, name) EGIZ_TEST(suite, name, suite)

// The switch keeps an assertion in an if without braces from taking that if's else (as GoogleTest does).
#define EGIZ_EXPECT(good, what) \
    switch (0)                  \
    case 0:                     \
    default:                    \
        if (good) {             \
        } else                  \
        ::testing::Failure{__FILE__, __LINE__, what, false} = ::testing::Words()
#define EGIZ_ASSERT(good, what) \
    switch (0)                  \
    case 0:                     \
    default:                    \
        if (good) {             \
        } else                  \
        return ::testing::Failure{__FILE__, __LINE__, what, true} = ::testing::Words()

#define EXPECT_TRUE(a) EGIZ_EXPECT(static_cast<bool>(a), #a)
#define EXPECT_FALSE(a) EGIZ_EXPECT(!static_cast<bool>(a), "not " #a)
#define EXPECT_EQ(a, b) EGIZ_EXPECT((a) == (b), #a " == " #b)
#define EXPECT_NE(a, b) EGIZ_EXPECT((a) != (b), #a " != " #b)
#define EXPECT_LT(a, b) EGIZ_EXPECT((a) < (b), #a " < " #b)
#define EXPECT_LE(a, b) EGIZ_EXPECT((a) <= (b), #a " <= " #b)
#define EXPECT_GT(a, b) EGIZ_EXPECT((a) > (b), #a " > " #b)
#define EXPECT_GE(a, b) EGIZ_EXPECT((a) >= (b), #a " >= " #b)
#define EXPECT_NEAR(a, b, e) EGIZ_EXPECT(((a) - (b)) <= (e) && ((b) - (a)) <= (e), #a " near " #b)
#define ASSERT_TRUE(a) EGIZ_ASSERT(static_cast<bool>(a), #a)
#define ASSERT_FALSE(a) EGIZ_ASSERT(!static_cast<bool>(a), "not " #a)
#define ASSERT_EQ(a, b) EGIZ_ASSERT((a) == (b), #a " == " #b)
#define ASSERT_LE(a, b) EGIZ_ASSERT((a) <= (b), #a " <= " #b)
#define ASSERT_GT(a, b) EGIZ_ASSERT((a) > (b), #a " > " #b)
#define ASSERT_GE(a, b) EGIZ_ASSERT((a) >= (b), #a " >= " #b)
#define FAIL() EGIZ_ASSERT(false, "FAIL")
