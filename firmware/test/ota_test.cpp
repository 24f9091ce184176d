// FR-1.8 and SEC-8: only a signed, fitting, whole image ever becomes the boot slot, whatever happens to the power.
#include <gtest/gtest.h>

#include "base64.hpp"
#include "bench_board.hpp"
#include "digest.hpp"
#include "psa_crypto.hpp"
#include "signing.hpp"

namespace egiz {
namespace {

using test::Bench;
using test::SigningKey;

struct ManifestFields {
    std::string product = "openegiz-sensor";
    std::string hardware = "esp32-wroom-32";
    std::string version = "1.5.0";
    std::uint32_t build = 10500;
    std::size_t size = 0;
    std::string sha256;
    std::string url = "https://updates.example/sensor-1.5.0.bin";
    std::string expires = "2027-01-01T00:00:00Z";
    std::string more;
};

std::string manifest_text(const ManifestFields& m) {
    return R"({"product":")" + m.product + R"(","hardware":")" + m.hardware + R"(","version":")" + m.version + R"(","build":)" +
           std::to_string(m.build) + R"(,"size":)" + std::to_string(m.size) + R"(,"sha256":")" + m.sha256 + R"(","url":")" + m.url +
           R"(","expires":")" + m.expires + "\"" + m.more + "}";
}

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

class OtaTest : public ::testing::Test {
  protected:
    OtaTest() {
        keys = {current.trusted("2026-a"), next.trusted("2026-b")};
        image.resize(200'000);
        std::uint32_t state = 5;
        for (auto& byte : image) {
            state = state * 1664525U + 1013904223U;
            byte = static_cast<std::uint8_t>(state >> 24);
        }
        fields.size = image.size();
        fields.sha256 = test::sha256_hex(image);
        prepare(bench);
    }
    void prepare(Bench& b) {
        b.identity.update_keys = keys;
        b.download.file = image;
        b.boot();
        b.run(3000);
    }
    [[nodiscard]] std::string command(const std::string& id, const ManifestFields& m, const SigningKey& key,
                                      const std::string& key_id = "2026-a", bool as_der = false) const {
        const std::string text = manifest_text(m);
        const auto raw = key.sign(text);
        return R"({"command":"ota","id":")" + id + R"(","device_id":"esp32-oven001-elec","manifest":")" + escaped(text) +
               R"(","signature":")" + test::base64(as_der ? test::der(raw) : raw) + R"(","key_id":")" + key_id + "\"}";
    }
    void send(const std::string& payload) {
        bench.command(payload);
        bench.run(500);
    }
    // What the boot loader and the new image do after the board restarted.
    static void boot_new_image(Bench& b) {
        b.slots.state = BootState::pending_verify;
        b.slots.activated = false;
        b.identity.build = 10500;
        b.identity.firmware_version = "1.5.0";
        b.boot();
    }
    static void boot_old_image(Bench& b) {
        b.slots.state = BootState::rolled_back;
        b.boot();
    }

    SigningKey current;
    SigningKey next;
    std::array<TrustedKey, 2> keys;
    std::vector<std::uint8_t> image;
    ManifestFields fields;
    host::PsaCrypto crypto;
    Bench bench{crypto};
};

TEST_F(OtaTest, AGoodUpdateIsAppliedOnlyAfterTheNewImageReported) {
    send(command("u1", fields, current));
    EXPECT_NE(bench.answer("u1").find("\"state\":\""), std::string::npos);
    bench.run(30'000);
    EXPECT_TRUE(bench.slots.activated);
    EXPECT_EQ(bench.system.restarts, 1U);
    EXPECT_TRUE(bench.answered("u1", "running", "REBOOTING")) << bench.answer("u1");
    EXPECT_EQ(bench.slots.inactive, image);
    boot_new_image(bench);
    bench.run(10'000);
    EXPECT_TRUE(bench.answered("u1", "applied", "APPLIED")) << bench.answer("u1");
    EXPECT_EQ(bench.slots.state, BootState::confirmed);
    EXPECT_EQ(bench.board->ota().state(), OtaState::idle);
    bench.received.clear();
    send(command("u1", fields, current));
    EXPECT_TRUE(bench.answered("u1", "applied", "APPLIED")) << "the same id again reports, and does nothing";
    send(command("u2", fields, current));
    EXPECT_TRUE(bench.answered("u2", "applied", "ALREADY_RUNNING"));
    EXPECT_EQ(bench.slots.begins, 1U);
}

TEST_F(OtaTest, ReportsProgressAsItGoes) {
    bench.download.piece = 512;
    bench.command(command("u1", fields, current));
    std::set<std::string> progress;
    for (int i = 0; i < 200; ++i) {
        bench.run(50);
        const std::string answer = bench.answer("u1");
        const std::size_t at = answer.find("\"progress\":");
        if (at != std::string::npos) progress.insert(answer.substr(at + 11, answer.find(',', at) - at - 11));
    }
    EXPECT_GE(progress.size(), 9U);
}

TEST_F(OtaTest, BothKeysAndBothSignatureFormsAreTaken) {
    send(command("k1", fields, next, "2026-b", true));
    EXPECT_EQ(bench.answer("k1").find("rejected"), std::string::npos) << bench.answer("k1");
    EXPECT_EQ(bench.slots.begins, 1U);
}

TEST_F(OtaTest, NothingIsErasedForAnUpdateThatIsNotOurs) {
    const auto refused = [&](const std::string& id, const std::string& payload, const char* state, const char* code) {
        send(payload);
        EXPECT_TRUE(bench.answered(id, state, code)) << id << ' ' << bench.answer(id);
        EXPECT_EQ(bench.slots.begins, 0U) << id;
    };
    refused("s1", command("s1", fields, next), "rejected", "BAD_SIGNATURE");
    refused("s2", command("s2", fields, current, "2025-z"), "rejected", "UNKNOWN_KEY");
    std::string flipped = command("s3", fields, current);
    flipped.replace(flipped.find("10500"), 5, "10501");
    refused("s3", flipped, "rejected", "BAD_SIGNATURE");
    ManifestFields m = fields;
    m.hardware = "esp32-c3";
    refused("h1", command("h1", m, current), "rejected", "WRONG_HARDWARE");
    m = fields;
    m.product = "toaster";
    refused("p1", command("p1", m, current), "rejected", "WRONG_PRODUCT");
    m = fields;
    m.build = 10300;
    refused("d1", command("d1", m, current), "rejected", "DOWNGRADE");
    m = fields;
    m.expires = "2026-11-18T11:00:00Z";
    refused("e1", command("e1", m, current), "rejected", "EXPIRED");
    m = fields;
    m.size = 2 * 1024 * 1024;
    refused("t1", command("t1", m, current), "rejected", "TOO_LARGE");
    m = fields;
    m.url = "http://updates.example/x";
    refused("m1", command("m1", m, current), "rejected", "MANIFEST_INVALID");
    m = fields;
    m.more = R"(,"min_battery":50)";
    refused("m2", command("m2", m, current), "rejected", "MANIFEST_INVALID");
    m.more = R"(,"allow_downgrade":"yes")";
    refused("m3", command("m3", m, current), "rejected", "MANIFEST_INVALID");
}

TEST_F(OtaTest, ADowngradeNeedsTheManifestToSaySo) {
    fields.build = 10300;
    fields.more = R"(,"allow_downgrade":true)";
    send(command("d1", fields, current));
    bench.run(30'000);
    EXPECT_TRUE(bench.slots.activated);
}

TEST_F(OtaTest, AnOldManifestCannotBringAnOldBuildBackAfterAnUpdate) {
    const std::string old_update = command("old", fields, current);
    bench.identity.build = 10600;
    bench.boot();
    bench.run(3000);
    send(old_update);
    EXPECT_TRUE(bench.answered("old", "rejected", "DOWNGRADE"));
}

TEST_F(OtaTest, WithoutTheTimeNoUpdateStarts) {
    bench.clock.synced = false;
    bench.boot();
    bench.run(30'000);
    send(command("u1", fields, current));
    EXPECT_TRUE(bench.answered("u1", "failed", "TIME_UNKNOWN"));
}

TEST_F(OtaTest, ATruncatedOrAlteredImageNeverBecomesTheBootSlot) {
    bench.download.file.resize(150'000);
    send(command("t1", fields, current));
    bench.run(300'000);
    EXPECT_TRUE(bench.answered("t1", "failed", "DOWNLOAD_FAILED")) << bench.answer("t1");
    bench.download.file = image;
    bench.download.file[100'000] ^= 1;
    send(command("t2", fields, current));
    bench.run(60'000);
    EXPECT_TRUE(bench.answered("t2", "failed", "DIGEST_MISMATCH")) << bench.answer("t2");
    EXPECT_FALSE(bench.slots.activated);
    EXPECT_EQ(bench.system.restarts, 0U);
}

TEST_F(OtaTest, ABrokenDownloadResumesWhereItWas) {
    bench.download.break_at = 120'000;
    send(command("u1", fields, current));
    bench.run(60'000);
    ASSERT_EQ(bench.download.opened_at.size(), 2U);
    EXPECT_GT(bench.download.opened_at[1], 110'000U);
    EXPECT_TRUE(bench.slots.activated);
}

TEST_F(OtaTest, ASecondUpdateWaitsForTheFirst) {
    bench.download.piece = 100;
    send(command("u1", fields, current));
    send(command("u2", fields, current));
    EXPECT_TRUE(bench.answered("u2", "failed", "BUSY"));
}

TEST_F(OtaTest, ANewImageThatNeverReachesTheBrokerIsRolledBackAfterAnExtension) {
    send(command("u1", fields, current));
    bench.run(30'000);
    bench.broker_up = false;
    boot_new_image(bench);
    bench.run(400'000);
    EXPECT_FALSE(bench.slots.rolled_back) << "the broker's absence alone is given a second chance";
    bench.run(300'000);
    EXPECT_TRUE(bench.slots.rolled_back);
    bench.identity.build = 10400;
    bench.identity.firmware_version = "1.4.0";
    bench.broker_up = true;
    boot_old_image(bench);
    bench.run(10'000);
    EXPECT_TRUE(bench.answered("u1", "failed", "ROLLED_BACK")) << bench.answer("u1");
}

TEST_F(OtaTest, ACrashOnTheFirstBootEndsOnTheOldImageAndIsReported) {
    send(command("u1", fields, current));
    bench.run(30'000);
    boot_old_image(bench);  // the boot loader saw the crash and went back
    bench.run(10'000);
    EXPECT_TRUE(bench.answered("u1", "failed", "ROLLED_BACK"));
    bench.received.clear();
    send(command("u1", fields, current));
    EXPECT_TRUE(bench.answered("u1", "failed", "ROLLED_BACK")) << "the same command does not try again";
    bench.slots.state = BootState::confirmed;
    send(command("u2", fields, current));
    bench.run(30'000);
    EXPECT_EQ(bench.slots.begins, 2U) << "a new one does";
}

// Cuts the power at the n-th key write of an update, then lets the board go on until it has ended.
void run_with_cut(Bench& b, const std::string& payload, std::uint64_t cut) {
    b.kv.cut_at = b.kv.writes + cut;
    b.command(payload);
    for (int i = 0; i < 3000 && b.kv.powered() && !b.board->halted(); ++i) b.run(20, 20);
    b.kv.cut_at = UINT64_MAX;
    for (int boots = 0; boots < 6; ++boots) {
        if (b.slots.activated) {
            b.slots.activated = false;
            b.slots.state = BootState::pending_verify;
            b.identity.build = 10500;
        }
        b.system.crashes = 0;
        b.boot();
        b.run(60'000);
        if (b.board->ota().state() == OtaState::idle && !b.board->halted()) break;
    }
}

TEST_F(OtaTest, APowerCutInEveryStateEndsInTheOldOrTheNewImageAndIsReported) {
    std::size_t applied = 0;
    for (std::uint64_t cut = 1; cut <= 16; ++cut) {
        Bench b(crypto);
        prepare(b);
        const std::string payload = command("u1", fields, current);
        run_with_cut(b, payload, cut);
        const bool new_image = b.identity.build == 10500;
        EXPECT_EQ(b.slots.state, BootState::confirmed) << cut;
        EXPECT_FALSE(b.slots.rolled_back) << cut;
        if (new_image) {
            ++applied;
            EXPECT_EQ(b.slots.inactive, image) << cut;
            EXPECT_TRUE(b.answered("u1", "applied", "APPLIED")) << cut << b.answer("u1");
        } else {
            // The cut came before the update was accepted: the redelivered command must still work.
            b.command(payload);
            b.run(60'000);
            EXPECT_TRUE(b.slots.activated || b.answered("u1", "failed", "STORE_FAILED")) << cut << b.answer("u1");
        }
    }
    EXPECT_GE(applied, 10U);
}

TEST_F(OtaTest, ACutDuringTheDownloadResumesFromTheCheckpoint) {
    bench.download.piece = 2048;
    bench.command(command("u1", fields, current));
    while (bench.board->ota().state() == OtaState::downloading && bench.slots.inactive[150'000] == 0xFF) bench.run(20, 20);
    bench.boot();
    bench.run(60'000);
    EXPECT_EQ(bench.slots.resumed_at, 131'072U);
    EXPECT_TRUE(bench.slots.activated);
}

TEST(Base64, StrictOnly) {
    std::array<std::uint8_t, 8> out;
    EXPECT_EQ(base64_decode("AQIDBA==", out).value(), 4U);
    for (const char* bad : {"A", "AQI", "AQ=D", "A===", "AQIDBB==", "AQI*", "=QID", "AQ==AQ=="}) {
        EXPECT_FALSE(base64_decode(bad, out).ok()) << bad;
    }
    EXPECT_EQ(base64_decode("AQIDBAUGBwgJ", out).error(), Err::no_space);
}

}  // namespace
}  // namespace egiz
