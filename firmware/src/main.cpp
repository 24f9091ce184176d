// Start-up order and the loop of the core's task. Everything is created once and lives for ever.
#include "board.hpp"
#include "build_info.hpp"
#include "esp_board.hpp"
#include "esp_clock.hpp"
#include "esp_log.h"
#include "esp_netif.h"
#include "esp_system.h"
#include "freertos/task.h"
#include "https_download.hpp"
#include "identity_store.hpp"
#include "mqtt_link.hpp"
#include "nvs_store.hpp"
#include "ota_partitions.hpp"
#include "partition_flash.hpp"
#include "provisioning.hpp"
#include "psa_crypto.hpp"
#include "sensor_task.hpp"
#include "time_model.hpp"
#include "wifi_station.hpp"

namespace egiz::esp {
namespace {

constexpr const char* tag = "openegiz";
constexpr std::uint32_t longest_wait_ms = 100;  // also how soon a lost Wi-Fi is looked after

void say(const Status& status, const char* what) {
    if (!status) ESP_LOGE(tag, "%s: %.*s", what, static_cast<int>(to_string(status.error()).size()),
                          to_string(status.error()).data());
}

BoardIdentity board_identity(const ProvisionedIdentity& stored) {
    BoardIdentity identity;
    identity.device_id = stored.device_id.view();
    identity.factory_id = stored.factory_id.view();
    identity.equipment_type = stored.equipment_type.view();
    identity.equipment_id = stored.equipment_id.view();
    identity.sensor_type = stored.sensor_type.view();
    identity.thing_id = stored.thing_id.view();
    identity.product = build::product;
    identity.hardware = EGIZ_HARDWARE;
    identity.firmware_version = build::version;
    identity.build = build::number;
    identity.build_ms = build::built_ms;
    identity.update_keys = build::update_keys;
    return identity;
}

// Before NTP, certificates are judged by the latest time that is known to have passed.
void set_clock_floor(EspClock& clock, KeyValue& kv) {
    TimeModel model(clock, kv, build::built_ms);
    model.start();
    clock.set_lower_bound(model.now_ms());
}

struct Parts {
    FrontPanel& panel;
    EspSystem& system;
    EspClock& clock;
    WifiStation& wifi;
    MqttLink& link;
    IdentityStore& store;
};

PanelState panel_state(const Board& board, WifiStation& wifi) {
    if (board.safe_mode()) return PanelState::safe_mode;
    if (board.online()) return PanelState::online;
    return wifi.up() ? PanelState::no_broker : PanelState::no_network;
}

[[noreturn]] void run_board(Board& board, const Parts& parts) {
    while (true) {
        const std::uint64_t next = board.tick();
        const std::uint64_t now = parts.clock.monotonic_ms();
        const std::uint64_t wait = next > now ? next - now : 0;
        parts.link.dispatch(board, static_cast<std::uint32_t>(wait < longest_wait_ms ? wait : longest_wait_ms));
        parts.wifi.poll(parts.clock.monotonic_ms());
        parts.panel.show(panel_state(board, parts.wifi));
        if (parts.panel.take_long_press()) {
            ESP_LOGW(tag, "button held: the identity is erased");
            say(parts.store.erase(), "erase identity");
            esp_restart();
        }
    }
}

void start_network(const Parts& parts, const ProvisionedIdentity& identity) {
    say(parts.link.start(), "mqtt");
    say(parts.wifi.start(identity.wifi, identity.device_id.c_str()), "wifi");
    say(parts.clock.start_ntp(identity.ntp_server.c_str()), "ntp");
    say(parts.system.watch_this_task(), "watchdog");
}

// A board that cannot be anybody stays reachable for the person who mends it, and does nothing else.
[[noreturn]] void wait_for_mending(FrontPanel& panel, IdentityStore& store) {
    panel.show(PanelState::broken);
    while (!panel.take_long_press()) vTaskDelay(pdMS_TO_TICKS(100));
    say(store.erase(), "erase identity");
    esp_restart();
}

void load_identity(IdentityStore& store, FrontPanel& panel, ProvisionedIdentity& identity) {
    say(store.open(), "identity partition");
    const Status loaded = store.load(identity);
    if (loaded) return;
    if (loaded.error() == Err::not_found) {
        panel.show(PanelState::provisioning);
        say(provision(store), "set-up network");
    }
    wait_for_mending(panel, store);
}

[[noreturn]] void start() {
    static FrontPanel panel;
    say(panel.start(), "panel");
    static EspSystem system(panel);
    static EspClock clock;
    static EspRandom random;
    static NvsStore kv;
    bool lost = false;
    say(kv.open(lost), "settings");
    if (lost) ESP_LOGE(tag, "the settings were unreadable and are begun anew");
    ESP_ERROR_CHECK(esp_netif_init());
    ESP_ERROR_CHECK(esp_event_loop_create_default());

    static IdentityStore store;
    static ProvisionedIdentity identity;
    load_identity(store, panel, identity);

    static PsaCrypto crypto;
    say(crypto.start(), "crypto");
    static PartitionFlash queue;
    say(queue.open(), "backlog partition");
    static OtaPartitions slots;
    say(slots.open(), "update slots");
    static WifiStation wifi(random);
    static MqttLink link(identity.broker, identity.device_id.c_str());
    static HttpsDownload download(identity.broker.ca);
    static SensorTask sensors(fitted_source(identity.parts, kv), clock);
    set_clock_floor(clock, kv);

    static Board board({clock, random, kv, queue, wifi, link, crypto, slots, download, system, sensors},
                       board_identity(identity));
    // Arms the boot counter: from here on a crash in a driver is counted, and five of them end in safe mode.
    const Status started = board.start();
    if (!started) {
        say(started, "identity");
        wait_for_mending(panel, store);
    }
    if (!board.safe_mode()) say(sensors.start(), "sensors");
    say(download.start(), "download");
    const Parts parts{panel, system, clock, wifi, link, store};
    start_network(parts, identity);
    run_board(board, parts);
}

}  // namespace
}  // namespace egiz::esp

extern "C" void app_main() { egiz::esp::start(); }
