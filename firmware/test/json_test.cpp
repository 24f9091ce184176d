// What is JSON and what is not, numbers without floating point, and RFC 8785 canonical form.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "canonical_json.hpp"
#include "json_number.hpp"
#include "json_reader.hpp"
#include "json_writer.hpp"

namespace egiz {
namespace {

bool accepts(std::string_view text) {
    static std::array<JsonToken, 64> pool;
    JsonDocument document(pool);
    return document.parse(text).ok();
}

TEST(JsonReader, AcceptsWhatRfc8259Allows) {
    for (const char* text : {"{}", "[]", " \t\n\r{ } ", "0", "-0", "1e5", "1.5E-3", "\"\"", "\"\\u0041\\n\\/\"", "[1,[2,[3]]]",
                             "{\"a\":{\"b\":[true,false,null]}}", "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"",
                             "\"\\ud83d\\ude00\""}) {
        EXPECT_TRUE(accepts(text)) << text;
    }
}

TEST(JsonReader, RefusesEverythingElse) {
    for (const char* text :
         {"", " ", "{", "}", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "+1", "1e", "nul", "tru", "\"", "\"\\x\"",
          "\"\\u12\"", "\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83d\\u0041\"", "[1 2]", "{\"a\" 1}", "1 1", "\"\n\"", "\"\xFF\"",
          "\"\xC0\x80\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "\"\xE2\x82\"", "{\"a\":1,\"a\":2}",
          "{\"a\":1,\"\\u0061\":2}", "[[[[[[[[[[[1]]]]]]]]]]]", "NaN", "-", "--1", "{\"a\":}", "[,1]"}) {
        EXPECT_FALSE(accepts(text)) << text;
    }
}

TEST(JsonReader, SaysWhenThereAreTooManyTokens) {
    std::array<JsonToken, 4> pool;
    JsonDocument document(pool);
    EXPECT_TRUE(document.parse("[1,2,3]").ok());
    EXPECT_EQ(document.parse("[1,2,3,4]").error(), Err::no_space);
}

TEST(JsonReader, FindsAndDecodesMembers) {
    std::array<JsonToken, 32> pool;
    JsonDocument document(pool);
    ASSERT_TRUE(document.parse(R"({"x":[1,{"y":2}],"na\u006de":"Gr\u00fc\u00dfe\n","n":1.50e2,"b":true})").ok());
    FixedString<16> text;
    ASSERT_TRUE(document.text_into(document.find(document.root(), "name"), text));
    EXPECT_EQ(text.view(), "Gr\xC3\xBC\xC3\x9F" "e\n");
    FixedString<4> small;
    EXPECT_FALSE(document.text_into(document.find(document.root(), "name"), small));
    EXPECT_EQ(document.integer(document.find(document.root(), "n")).value(), 150);
    EXPECT_TRUE(document.boolean(document.find(document.root(), "b")).value());
    EXPECT_EQ(document.find(document.root(), "y"), json_none);
    EXPECT_EQ(document.token(document.find(document.root(), "x")).size, 2);
}

TEST(JsonNumber, IntegersInAnySpellingWithinSafeRange) {
    const auto value = [](std::string_view t) {
        const Result<Decimal> d = parse_decimal(t);
        return d.ok() ? to_integer(d.value()) : Result<std::int64_t>(d.error());
    };
    EXPECT_EQ(value("10").value(), 10);
    EXPECT_EQ(value("1e1").value(), 10);
    EXPECT_EQ(value("10.0").value(), 10);
    EXPECT_EQ(value("0.001e4").value(), 10);
    EXPECT_EQ(value("-9007199254740991").value(), -9007199254740991);
    EXPECT_FALSE(value("9007199254740992").ok());
    EXPECT_FALSE(value("10.5").ok());
    EXPECT_FALSE(value("1e400").ok());
    EXPECT_EQ(value("0e999999999").error(), Err::unsupported);
}

TEST(JsonNumber, CanonicalAsEcmaScriptPrints) {
    const auto canonical = [](std::string_view t) { return std::string(canonical_number(t).value().view()); };
    EXPECT_EQ(canonical("-0.0"), "0");
    EXPECT_EQ(canonical("1.50"), "1.5");
    EXPECT_EQ(canonical("100e-2"), "1");
    EXPECT_EQ(canonical("1e21"), "1e+21");
    EXPECT_EQ(canonical("1e20"), "100000000000000000000");
    EXPECT_EQ(canonical("0.000001"), "0.000001");
    EXPECT_EQ(canonical("0.0000001"), "1e-7");
    EXPECT_EQ(canonical("-1.25e-9"), "-1.25e-9");
    EXPECT_EQ(canonical("123456789012345e5"), "12345678901234500000");
    EXPECT_EQ(canonical("9007199254740991"), "9007199254740991");
    EXPECT_EQ(canonical_number("0.30000000000000004").error(), Err::unsupported);
}

class TextSink final : public CanonicalSink {
  public:
    std::string text;
    Status accept(std::string_view piece) override {
        text += piece;
        return {};
    }
};

std::string canonical(std::string_view text) {
    std::array<JsonToken, 128> pool;
    JsonDocument document(pool);
    TextSink sink;
    if (!document.parse(text) || !canonicalize(document, document.root(), sink)) return "refused";
    return sink.text;
}

TEST(CanonicalJson, SortsByUtf16UnitsAsRfc8785Shows) {
    EXPECT_EQ(canonical("{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\","
                        "\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
                        "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}"),
              "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xC2\x80\":\"Control\",\"\xC3\xB6\":\"Latin Small Letter O With "
              "Diaeresis\",\"\xE2\x82\xAC\":\"Euro Sign\",\"\xF0\x9F\x98\x80\":\"Emoji: Grinning Face\",\"\xEF\xAC\xB3\":\"Hebrew "
              "Letter Dalet With Dagesh\"}");
}

TEST(CanonicalJson, RemovesSpaceAndNormalisesNumbersAndEscapes) {
    EXPECT_EQ(canonical(R"( { "b" : [ 1.0 , true , null ] , "a" : "\u000f\u0041\/\"\\" } )"),
              R"({"a":"\u000fA/\"\\","b":[1,true,null]})");
}

TEST(JsonWriter, WritesExactlyWhatFitsAndSaysWhenItDoesNot) {
    std::array<char, 64> buffer;
    JsonWriter out(buffer);
    out.open_object().key("a").decimal(2205, 1).key("b").open_array().integer(-5).boolean(true).null().close_array();
    out.key("c").text("x\"\n").close_object();
    ASSERT_TRUE(out.good());
    EXPECT_EQ(out.view(), R"({"a":220.5,"b":[-5,true,null],"c":"x\"\u000a"})");
    std::array<char, 8> small;
    JsonWriter cut(small);
    cut.open_object().key("long name").integer(1).close_object();
    EXPECT_FALSE(cut.good());
}

TEST(JsonWriter, DecimalsAreExact) {
    const auto print = [](std::int64_t raw, unsigned decimals) {
        std::array<char, 40> buffer;
        JsonWriter out(buffer);
        out.decimal(raw, decimals);
        return std::string(out.view());
    };
    EXPECT_EQ(print(0, 3), "0");
    EXPECT_EQ(print(5, 3), "0.005");
    EXPECT_EQ(print(-50, 3), "-0.05");
    EXPECT_EQ(print(1850, 1), "185");
    EXPECT_EQ(print(452'000, 4), "45.2");
    EXPECT_EQ(print(INT64_MIN, 0), "-9223372036854775808");
}

}  // namespace
}  // namespace egiz
