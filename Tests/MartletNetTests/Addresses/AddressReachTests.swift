import MartletNet
import Testing

@Suite struct AddressReachTests {
    @Test(
        "an address is of the world, of a network, of this machine, or of nobody",
        arguments: [
            ("8.8.8.8:1", .global), ("1.1.1.1:1", .global), ("172.15.255.255:1", .global), ("172.32.0.0:1", .global),
            ("100.63.255.255:1", .global), ("100.128.0.0:1", .global), ("223.255.255.255:1", .global),
            ("0.0.0.0:1", .unspecified), ("0.1.2.3:1", .unspecified), ("10.0.0.1:1", .private),
            ("100.64.0.1:1", .shared), ("100.127.255.255:1", .shared), ("127.0.0.1:1", .loopback),
            ("127.255.255.255:1", .loopback), ("169.254.169.254:1", .linkLocal), ("172.16.0.1:1", .private),
            ("172.31.255.255:1", .private), ("192.0.0.8:1", .reserved), ("192.0.2.1:1", .reserved),
            ("192.88.99.1:1", .reserved), ("192.168.1.1:1", .private), ("198.18.0.1:1", .reserved),
            ("198.51.100.1:1", .reserved), ("203.0.113.1:1", .reserved), ("224.0.0.1:1", .multicast),
            ("239.255.255.255:1", .multicast), ("240.0.0.1:1", .reserved), ("255.255.255.255:1", .reserved),
            ("[2606:4700::1]:1", .global), ("[2a00:1450::1]:1", .global), ("[::]:1", .unspecified),
            ("[::1]:1", .loopback),
            ("[::2]:1", .unspecified), ("[::127.0.0.1]:1", .loopback), ("[::ffff:127.0.0.1]:1", .loopback),
            ("[::ffff:10.1.2.3]:1", .private), ("[::ffff:8.8.8.8]:1", .global), ("[::ffff:0:127.0.0.1]:1", .loopback),
            ("[64:ff9b::7f00:1]:1", .loopback), ("[64:ff9b::a9fe:a9fe]:1", .linkLocal),
            ("[64:ff9b::808:808]:1", .global),
            ("[64:ff9b:1::1]:1", .private), ("[2002:7f00:1::1]:1", .loopback), ("[2002:c0a8:101::]:1", .private),
            ("[2002:808:808::1]:1", .global), ("[2001::1]:1", .reserved), ("[2001:db8::1]:1", .reserved),
            ("[100::1]:1", .reserved), ("[fc00::1]:1", .private), ("[fdff::1]:1", .private),
            ("[fe80::1]:1", .linkLocal),
            ("[febf::1]:1", .linkLocal), ("[fec0::1]:1", .private), ("[ff02::1]:1", .multicast),
            ("[4000::1]:1", .reserved),
            ("[5f00::1]:1", .reserved), ("[e000::1]:1", .reserved), ("[::1:2:3]:1", .reserved), (":1", .unspecified),
            ("unix:/run/x", .loopback), ("unix:@x", .loopback),
        ] as [(String, AddressReach)])
    nonisolated func reach(text: String, expected: AddressReach) throws {
        #expect(try SocketAddress(parsing: text).reach == expected)
    }
}
