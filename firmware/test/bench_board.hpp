// The bench with a board on it: restarts are new boards on the same flash, and the broker answers on request.
#pragma once

#include <functional>
#include <optional>

#include "bench.hpp"

namespace egiz::test {

class Bench {
  public:
    explicit Bench(Crypto& crypto_port, std::size_t flash_sectors = 64) : flash(flash_sectors), crypto(crypto_port) {
        sensors.next = sample_reading(SensorKind::electrical);
        slots.power = &kv;
        identity.device_id = "esp32-oven001-elec";
        identity.factory_id = "factory-a";
        identity.equipment_type = "oven";
        identity.equipment_id = "oven-001";
        identity.sensor_type = "electrical";
        identity.thing_id = "factory:oven-001";
        identity.product = "openegiz-sensor";
        identity.hardware = "esp32-wroom-32";
        identity.firmware_version = "1.4.0";
        identity.build = 10400;
        identity.build_ms = 1'780'000'000'000;
    }

    static Reading sample_reading(SensorKind kind) {
        Reading r;
        r.kind = kind;
        for (std::size_t i = 0; i < max_phases; ++i) {
            r.electrical.voltage[i] = Measured::good(2205 + static_cast<std::int32_t>(i));
            r.electrical.current[i] = Measured::good(15'200);
        }
        r.electrical.power_factor = Measured::good(920);
        r.electrical.active_power = Measured::good(452'000);
        r.electrical.energy = Measured::good(123'456);
        r.electrical.frequency = Measured::good(5001);
        r.thermal.zone_count = 3;
        for (std::size_t i = 0; i < 3; ++i) r.thermal.zone[i] = Measured::good(1850 + static_cast<std::int32_t>(i));
        r.thermal.setpoint = Measured::good(1900);
        r.thermal.heating = Heating::on;
        r.environmental = {Measured::good(2450), Measured::good(5520), Measured::good(101'325), Measured::good(450)};
        return r;
    }

    void use(SensorKind kind, std::string_view topic_level) {
        sensors.what = kind;
        sensors.next = sample_reading(kind);
        identity.sensor_type = topic_level;
    }

    // Power on: whatever ran before is gone, flash and keys stay.
    Board& boot() {
        mqtt.disconnect(false);
        board.emplace(Ports{clock, random, kv, flash, network, mqtt, crypto, slots, download, system, sensors}, identity);
        (void)board->start();
        return *board;
    }

    // The broker accepts connection and subscription.
    void accept_session() {
        if (!mqtt.wants_connect) return;
        mqtt.wants_connect = false;
        board->on_connected();
        board->on_subscribed();
    }
    // The broker acknowledges everything it has; what arrived is kept in `received`.
    void acknowledge_all() {
        while (!mqtt.unacknowledged.empty()) {
            const Published p = mqtt.unacknowledged.front();
            mqtt.unacknowledged.pop_front();
            if (on_received) {
                on_received(p);
            } else {
                received.push_back(p);
            }
            board->on_published(p.token, true);
        }
    }
    // Lets time pass; the broker answers at once while `broker_up`.
    void run(std::uint64_t ms, std::uint64_t step = 0) {
        const std::uint64_t end = clock.now + ms;
        while (clock.now < end && !board->halted()) {
            const std::uint64_t next = board->tick();
            if (broker_up) {
                accept_session();
                acknowledge_all();
            }
            clock.now = std::min(end, step != 0 ? clock.now + step : std::max(next, clock.now + 1));
        }
    }
    void lose_broker() {
        broker_up = false;
        mqtt.unacknowledged.clear();
        board->on_disconnected();
    }
    void command(std::string_view payload, bool retained = false) {
        static constexpr std::array<std::uint8_t, 16> correlation{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
        const std::string topic(board->topics().command.view());
        board->on_message({topic, payload, retained, correlation});
    }
    [[nodiscard]] std::vector<std::string> payloads(std::string_view topic_end) const {
        std::vector<std::string> out;
        for (const Published& p : received) {
            if (p.topic.ends_with(topic_end)) out.push_back(p.payload);
        }
        return out;
    }
    // The last answer to a command id, empty when there is none.
    [[nodiscard]] std::string answer(std::string_view id) const {
        std::string found;
        const std::string needle = "\"command\":{\"id\":\"" + std::string(id) + "\"";
        for (const Published& p : received) {
            if (p.payload.find(needle) != std::string::npos) found = p.payload.substr(p.payload.find("\"command\":{\"id\""));
        }
        return found;
    }
    [[nodiscard]] bool answered(std::string_view id, std::string_view state, std::string_view code) const {
        const std::string text = answer(id);
        return text.find("\"state\":\"" + std::string(state) + "\"") != std::string::npos &&
               text.find("\"code\":\"" + std::string(code) + "\"") != std::string::npos;
    }

    BenchClock clock;
    BenchRandom random;
    BenchKv kv;
    NorFlash flash;
    BenchNetwork network;
    BenchMqtt mqtt;
    Crypto& crypto;
    BenchSlots slots;
    BenchDownload download;
    BenchSystem system;
    BenchSensors sensors;
    BoardIdentity identity;
    std::optional<Board> board;
    std::vector<Published> received;
    std::function<void(const Published&)> on_received;  // instead of keeping them, for long runs
    bool broker_up = true;
};

}  // namespace egiz::test
