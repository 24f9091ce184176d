// The adapter's parts that need no SDK: LED, button, form, page, matching of acknowledgements.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "ack_matcher.hpp"
#include "build_info.hpp"
#include "led_pattern.hpp"
#include "provision_form.hpp"
#include "setup_page.hpp"

namespace egiz::esp {
namespace {

TEST(Led, EveryStateLooksDifferent) {
    std::set<std::string> patterns;
    for (int state = 0; state <= 6; ++state) {
        std::string pattern;
        for (std::uint32_t step = 0; step < 160; ++step) {
            pattern += led_on(static_cast<PanelState>(state), false, step) ? '#' : '.';
        }
        EXPECT_NE(pattern.find('#'), std::string::npos) << state;
        patterns.insert(pattern);
    }
    EXPECT_EQ(patterns.size(), 7U);
}

TEST(Led, SafeModeFlashesThreeTimesAndIdentifyWins) {
    int flashes = 0;
    for (std::uint32_t step = 1; step <= 40; ++step) {
        flashes += led_on(PanelState::safe_mode, false, step - 1) && !led_on(PanelState::safe_mode, false, step);
    }
    EXPECT_EQ(flashes, 3);
    EXPECT_TRUE(led_on(PanelState::broken, true, 0));
    EXPECT_FALSE(led_on(PanelState::starting, true, 2));
}

TEST(Button, CountsOnlyWhenHeldThroughAndOnlyOnce) {
    LongPress button(3);
    EXPECT_FALSE(button.push(true));
    EXPECT_FALSE(button.push(true));
    EXPECT_FALSE(button.push(false));
    EXPECT_FALSE(button.push(true));
    EXPECT_FALSE(button.push(true));
    EXPECT_TRUE(button.push(true));
    EXPECT_FALSE(button.push(true));
}

Err read_all(std::string body, std::vector<std::pair<std::string, std::string>>& out) {
    FormReader reader(body);
    while (true) {
        const auto pair = reader.next();
        if (!pair) return pair.error();
        out.emplace_back(pair.value().key, pair.value().value);
    }
}

TEST(Form, DecodesAsBrowsersEncode) {
    std::vector<std::pair<std::string, std::string>> pairs;
    EXPECT_EQ(read_all("wifi_ssid=factory+floor&wifi_pass=a%26b%3Dc%25&ca=line1%0D%0Aline2&x=", pairs), Err::not_found);
    ASSERT_EQ(pairs.size(), 4U);
    EXPECT_EQ(pairs[0].second, "factory floor");
    EXPECT_EQ(pairs[1].second, "a&b=c%");
    EXPECT_EQ(pairs[2].second, "line1\nline2");
    EXPECT_EQ(pairs[3].second, "");
}

TEST(Form, WhatIsNotAFormIsRefused) {
    for (const char* body : {"a", "a=%", "a=%2", "a=%zz", "a=%00", "a=1&&b=2", "=%G1"}) {
        std::vector<std::pair<std::string, std::string>> pairs;
        EXPECT_EQ(read_all(body, pairs), Err::corrupt) << body;
    }
}

// What anybody near a board that is being set up may send: it never reads or writes outside the body, and always ends.
TEST(Form, AnyBodyIsReadOrRefused) {
    constexpr std::string_view letters = "ab=&%+0F\r\n\0z";
    std::mt19937 random(7);
    for (int round = 0; round < 50'000; ++round) {
        std::string body;
        for (std::size_t n = random() % 24; n > 0; --n) body += letters[random() % letters.size()];
        const std::size_t size = body.size();
        std::vector<std::pair<std::string, std::string>> pairs;
        const Err end = read_all(body, pairs);
        EXPECT_TRUE(end == Err::not_found || end == Err::corrupt);
        std::size_t used = 0;
        for (const auto& [key, value] : pairs) used += key.size() + value.size() + 1;
        EXPECT_LE(used, size);
    }
}

TEST(Form, KeysFitTheStoreAndDeviceComesLast) {
    std::set<std::string_view> keys;
    for (const ProvisionField& field : provision_fields()) {
        EXPECT_LE(field.key.size(), 15U) << field.key;  // NVS
        EXPECT_LE(field.longest, 2047U);
        EXPECT_TRUE(keys.insert(field.key).second) << field.key;
    }
    EXPECT_EQ(provision_fields().back().key, "device_id");
    EXPECT_EQ(provision_field("nothing"), nullptr);
}

TEST(Page, HasEveryFieldAndItsEnd) {
    SetupPage page;
    const std::string_view html = page.render();
    for (const ProvisionField& field : provision_fields()) {
        EXPECT_NE(html.find("name=" + std::string(field.key) + " "), std::string_view::npos) << field.key;
    }
    EXPECT_TRUE(html.ends_with("</html>")) << "the page does not fit its buffer";
    EXPECT_EQ(html.find("https://"), std::string_view::npos) << "nothing from outside";
}

TEST(AckMatcher, EitherOrderAndTwiceTheSameNumber) {
    AckMatcher matcher;
    EXPECT_FALSE(matcher.sent(7, 1).has_value());
    const auto first = matcher.acknowledged(7, true);
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->token, 1U);
    EXPECT_FALSE(matcher.acknowledged(7, false).has_value());  // the number is used again, and this time overtakes
    const auto second = matcher.sent(7, 2);
    ASSERT_TRUE(second.has_value());
    EXPECT_EQ(second->token, 2U);
    EXPECT_FALSE(second->accepted);
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(matcher.sent(100 + i, 5).has_value());
}

TEST(BuildInfo, KeysAreP256Points) {
    EXPECT_FALSE(build::version.empty());
    EXPECT_GT(build::number, 0U);
    EXPECT_GT(build::built_ms, 1'577'836'800'000ULL);
    ASSERT_EQ(build::update_keys.size(), 1U);  // made by the check script
    EXPECT_EQ(build::update_keys[0].id, "check");
}

}  // namespace
}  // namespace egiz::esp
