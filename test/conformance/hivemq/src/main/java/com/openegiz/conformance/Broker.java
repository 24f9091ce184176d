package com.openegiz.conformance;

import com.hivemq.embedded.EmbeddedExtension;
import com.hivemq.embedded.EmbeddedHiveMQ;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * HiveMQ Community Edition in one process. Its directory holds config.xml, accounts.tsv, ca.crt, services-ca.crt,
 * clients.crl, server.crt and server.key; the key stores that config.xml names are made from them. Prints "ready",
 * and stops at the end of its input.
 */
public final class Broker {

    public static void main(final String[] arguments) throws Exception {
        final Path directory = Path.of(arguments[0]);
        final Path conf = directory.resolve("conf");
        KeyStores.make(directory);
        final EmbeddedExtension access = EmbeddedExtension.builder()
                .withId("accounts")
                .withName("Accounts of the inventory")
                .withVersion("1")
                .withAuthor("OpenEgiz Edge")
                .withExtensionMain(new Access(Accounts.read(directory)))
                .build();
        final EmbeddedHiveMQ broker = EmbeddedHiveMQ.builder()
                .withConfigurationFolder(Files.createDirectories(conf))
                .withDataFolder(Files.createDirectories(directory.resolve("data")))
                .withExtensionsFolder(Files.createDirectories(directory.resolve("extensions")))
                .withEmbeddedExtension(access)
                .build();
        broker.start().join();
        System.out.println("ready");
        while (System.in.read() >= 0) {
            // Until whoever started it closes the pipe, or is gone.
        }
        broker.stop().join();
        System.exit(0);
    }

    private Broker() {}
}
