// The adapter's storage: settings, identity, backlog flash, update slots.
#include <gtest/gtest.h>

#include "esp_fakes/fakes.hpp"
#include "identity_store.hpp"
#include "meter_energy.hpp"
#include "nvs_flash.h"
#include "nvs_store.hpp"
#include "ota_partitions.hpp"
#include "partition_flash.hpp"

namespace egiz::esp {
namespace {

struct Storage : testing::Test {
    void SetUp() override { fake::reset(); }
};

using NvsStoreTest = Storage;
using IdentityTest = Storage;
using OtaTest = Storage;

TEST_F(NvsStoreTest, KeepsValuesAndNamesWhatIsWrong) {
    NvsStore store;
    bool lost = true;
    ASSERT_TRUE(store.open(lost).ok());
    EXPECT_FALSE(lost);
    const std::array<std::uint8_t, 3> value = {1, 2, 3};
    ASSERT_TRUE(store.put("key", value).ok());
    std::array<std::uint8_t, 8> out{};
    EXPECT_EQ(store.get("key", out).value(), 3U);
    EXPECT_EQ(store.get("nothing", out).error(), Err::not_found);
    EXPECT_EQ(store.get("key", std::span(out).first(2)).error(), Err::no_space);
    EXPECT_EQ(store.put("a-key-of-sixteen", value).error(), Err::bad_argument);
    EXPECT_TRUE(store.erase("key").ok());
    EXPECT_EQ(store.erase("key").error(), Err::not_found);
}

TEST_F(NvsStoreTest, UnreadableSettingsAreBegunAnewButNeverTheIdentity) {
    fake::nvs_init_code["nvs"] = ESP_ERR_NVS_NO_FREE_PAGES;
    fake::nvs_init_code["ident"] = ESP_ERR_NVS_NO_FREE_PAGES;
    NvsStore store;
    bool lost = false;
    EXPECT_TRUE(store.open(lost).ok());
    EXPECT_TRUE(lost);
    IdentityStore identity;
    EXPECT_FALSE(identity.open().ok());
    EXPECT_EQ(fake::nvs_erased_partitions, (std::vector<std::string>{"nvs"}));
}

TEST_F(NvsStoreTest, AFactoryResetKeepsTheIdentity) {
    NvsStore store;
    IdentityStore identity;
    bool lost = false;
    ASSERT_TRUE(store.open(lost).ok());
    ASSERT_TRUE(identity.open().ok());
    ASSERT_TRUE(identity.put("device_id", "esp32-oven001-elec").ok());
    ASSERT_TRUE(store.put("cfg", std::array<std::uint8_t, 1>{1}).ok());
    ASSERT_TRUE(store.erase_all().ok());
    std::array<std::uint8_t, 8> out{};
    EXPECT_FALSE(store.get("cfg", out).ok());
    EXPECT_EQ(fake::nvs.size(), 1U);
}

void provision(IdentityStore& store, bool enterprise = false) {
    const std::pair<const char*, const char*> pairs[] = {
        {"factory_id", "factory-a"}, {"equip_type", "oven"}, {"equip_id", "oven-001"}, {"sensor_type", "electrical"},
        {"thing_id", "factory:oven-001"}, {"wifi_ssid", "floor"},    {"wifi_pass", "secret-pass"}, {"mqtt_host", "broker.local"},
        {"mqtt_pass", "long-password"},   {"ca", "-----BEGIN CERTIFICATE-----"}, {"device_id", "esp32-oven001-elec"}};
    for (const auto& [key, value] : pairs) ASSERT_TRUE(store.put(key, value).ok()) << key;
    if (enterprise) { ASSERT_TRUE(store.put("wifi_eap", "peap").ok()); }
}

TEST_F(IdentityTest, ABoardWithoutOneIsUnprovisioned) {
    IdentityStore store;
    ASSERT_TRUE(store.open().ok());
    static ProvisionedIdentity identity;
    EXPECT_EQ(store.load(identity).error(), Err::not_found);
}

TEST_F(IdentityTest, LoadsWhatWasProvisioned) {
    IdentityStore store;
    ASSERT_TRUE(store.open().ok());
    provision(store);
    static ProvisionedIdentity identity;
    ASSERT_TRUE(store.load(identity).ok());
    EXPECT_EQ(identity.device_id.view(), "esp32-oven001-elec");
    EXPECT_EQ(identity.broker.port, 8883);
    EXPECT_EQ(identity.wifi.eap, EapMethod::none);
    ASSERT_TRUE(store.put("mqtt_port", "8899").ok());
    ASSERT_TRUE(store.load(identity).ok());
    EXPECT_EQ(identity.broker.port, 8899);
    for (const char* port : {"0", "70000", "88a", ""}) {
        ASSERT_TRUE(store.put("mqtt_port", port).ok());
        EXPECT_EQ(store.load(identity).error(), Err::bad_argument) << port;
    }
}

TEST_F(IdentityTest, ACertificateIsALoginToo) {
    IdentityStore store;
    ASSERT_TRUE(store.open().ok());
    provision(store);
    ASSERT_TRUE(store.put("mqtt_pass", "").ok());
    static ProvisionedIdentity identity;
    EXPECT_EQ(store.load(identity).error(), Err::bad_argument);
    ASSERT_TRUE(store.put("cert", "certificate").ok());
    EXPECT_EQ(store.load(identity).error(), Err::bad_argument);
    ASSERT_TRUE(store.put("key", "key").ok());
    ASSERT_TRUE(store.load(identity).ok());
    EXPECT_EQ(identity.broker.port, 8884);
}

TEST_F(IdentityTest, EnterpriseWithoutServerChecksIsRefused) {
    IdentityStore store;
    ASSERT_TRUE(store.open().ok());
    provision(store, true);
    static ProvisionedIdentity identity;
    ASSERT_TRUE(store.put("eap_user", "board").ok());
    EXPECT_FALSE(store.load(identity).ok()) << "no CA";
    ASSERT_TRUE(store.put("eap_ca", "ca").ok());
    EXPECT_FALSE(store.load(identity).ok()) << "no server name";
    ASSERT_TRUE(store.put("eap_domain", "radius.factory.example").ok());
#ifdef CONFIG_ESP_WIFI_ENTERPRISE_SUPPORT
    EXPECT_TRUE(store.load(identity).ok());
    EXPECT_EQ(identity.wifi.eap, EapMethod::peap);
    ASSERT_TRUE(store.put("wifi_eap", "tls").ok());
    EXPECT_FALSE(store.load(identity).ok()) << "no client certificate";
#else
    EXPECT_EQ(store.load(identity).error(), Err::unsupported);
#endif
    ASSERT_TRUE(store.put("wifi_eap", "leap").ok());
    EXPECT_EQ(store.load(identity).error(), Err::bad_argument);
}

TEST_F(IdentityTest, OnlyKnownFieldsOfKnownLengthAreStored) {
    IdentityStore store;
    ASSERT_TRUE(store.open().ok());
    EXPECT_EQ(store.put("boot_id", "1").error(), Err::bad_argument);
    EXPECT_EQ(store.put("wifi_ssid", std::string(33, 'x')).error(), Err::bad_argument);
    EXPECT_TRUE(store.put("ca", std::string(2047, 'x')).ok());
    EXPECT_EQ(store.put("ca", std::string(2048, 'x')).error(), Err::bad_argument);
}

TEST_F(IdentityTest, TheSetupPasswordIsMadeOnceAndKept) {
    IdentityStore store;
    ASSERT_TRUE(store.open().ok());
    CText<63> first;
    CText<63> second;
    ASSERT_TRUE(store.setup_password(first).ok());
    ASSERT_TRUE(store.setup_password(second).ok());
    EXPECT_EQ(first.view().size(), 12U);
    EXPECT_EQ(first.view(), second.view());
}

TEST_F(Storage, BacklogPartitionIsSectors) {
    PartitionFlash flash;
    EXPECT_EQ(flash.sector_count(), 0U);
    EXPECT_EQ(flash.erase(0).error(), Err::not_found);
    ASSERT_TRUE(flash.open().ok());
    EXPECT_EQ(flash.sector_count(), 16U);
    ASSERT_TRUE(flash.erase(2).ok());
    const std::array<std::uint8_t, 16> record = {1, 2, 3};
    ASSERT_TRUE(flash.write(2 * 4096, record).ok());
    std::array<std::uint8_t, 16> back{};
    ASSERT_TRUE(flash.read(2 * 4096, back).ok());
    EXPECT_EQ(back, record);
}

std::vector<std::uint8_t> image(std::size_t size) {
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
    return bytes;
}

void write_from(OtaPartitions& slots, const std::vector<std::uint8_t>& bytes, std::size_t from) {
    for (std::size_t at = from; at < bytes.size(); at += 4096) {
        const std::size_t n = std::min<std::size_t>(4096, bytes.size() - at);
        ASSERT_TRUE(slots.write(at, Bytes(bytes).subspan(at, n)).ok()) << at;
    }
}

void expect_image(OtaPartitions& slots, const std::vector<std::uint8_t>& bytes) {
    std::vector<std::uint8_t> back(bytes.size());
    ASSERT_TRUE(slots.read(0, back).ok());
    EXPECT_EQ(back, bytes);
}

TEST_F(OtaTest, WritesAndReadsBackAnImageOfAnyLength) {
    for (const std::size_t size : {1U, 15U, 16U, 17U, 4096U, 4097U, 50'001U}) {
        fake::reset();
        OtaPartitions slots;
        ASSERT_TRUE(slots.open().ok());
        const auto bytes = image(size);
        ASSERT_TRUE(slots.begin(size).ok());
        write_from(slots, bytes, 0);
        expect_image(slots, bytes);
        EXPECT_EQ(fake::erases("ota_1"), (size + 4095) / 4096) << "each sector once, and no more than needed";
        EXPECT_EQ(fake::erases("ota_0"), 0U);
    }
}

TEST_F(OtaTest, ResumesOverWhatWasHalfWritten) {
    const auto bytes = image(40'000);
    OtaPartitions before;
    ASSERT_TRUE(before.open().ok());
    ASSERT_TRUE(before.begin(bytes.size()).ok());
    write_from(before, std::vector<std::uint8_t>(bytes.begin(), bytes.begin() + 20'480), 0);
    // Power cut; the journal's last checkpoint was at 8192.
    OtaPartitions after;
    ASSERT_TRUE(after.open().ok());
    ASSERT_TRUE(after.resume(8'192).ok());
    write_from(after, bytes, 8'192);
    expect_image(after, bytes);
    EXPECT_EQ(after.resume(8'191).error(), Err::bad_argument);
}

TEST_F(OtaTest, RefusesWhatDoesNotFit) {
    OtaPartitions slots;
    ASSERT_TRUE(slots.open().ok());
    EXPECT_EQ(slots.begin(slots.slot_size() + 1).error(), Err::no_space);
    EXPECT_EQ(slots.begin(0).error(), Err::no_space);
    ASSERT_TRUE(slots.begin(slots.slot_size()).ok());
    const std::array<std::uint8_t, 32> bytes{};
    EXPECT_EQ(slots.write(slots.slot_size() - 16, bytes).error(), Err::bad_argument);
    EXPECT_EQ(slots.write(8, bytes).error(), Err::bad_argument);
    fake::flash_fails = true;
    EXPECT_FALSE(slots.write(4096, bytes).ok());
}

TEST_F(OtaTest, StatesOfTheBoot) {
    OtaPartitions slots;
    ASSERT_TRUE(slots.open().ok());
    EXPECT_EQ(slots.boot_state(), BootState::confirmed);
    fake::pending_verify = true;
    EXPECT_EQ(slots.boot_state(), BootState::pending_verify);
    EXPECT_TRUE(slots.confirm().ok());
    EXPECT_EQ(slots.boot_state(), BootState::confirmed);
    slots.roll_back();
    EXPECT_EQ(slots.boot_state(), BootState::rolled_back);
    fake::image_accepted = false;
    EXPECT_FALSE(slots.activate().ok()) << "the SDK's own check of the image has the last word";
}

TEST_F(OtaTest, AnAbandonedSlotHasNoHeader) {
    OtaPartitions slots;
    ASSERT_TRUE(slots.open().ok());
    ASSERT_TRUE(slots.begin(4096).ok());
    write_from(slots, image(4096), 0);
    slots.abandon();
    std::array<std::uint8_t, 16> header{};
    ASSERT_TRUE(slots.read(0, header).ok());
    EXPECT_TRUE(std::all_of(header.begin(), header.end(), [](std::uint8_t b) { return b == 0xFF; }));
}

TEST_F(Storage, MeterEnergyIsWrittenRarely) {
    NvsStore store;
    bool lost = false;
    ASSERT_TRUE(store.open(lost).ok());
    MeterEnergy energy(store);
    EXPECT_EQ(energy.load(), 0U);
    energy.keep(500, 1'000);
    EXPECT_EQ(MeterEnergy(store).load(), 0U);
    energy.keep(640, 300'000);
    EXPECT_EQ(MeterEnergy(store).load(), 640U);
    energy.keep(700, 301'000);
    EXPECT_EQ(MeterEnergy(store).load(), 640U);
}

}  // namespace
}  // namespace egiz::esp
