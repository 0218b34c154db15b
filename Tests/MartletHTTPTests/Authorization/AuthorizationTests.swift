import Testing

@testable import MartletHTTP

@Suite("Authorization")
struct AuthorizationTests {
    /// The first two are the examples of RFC 7617 §2 and §2.1.
    @Test(
        "basic credentials are read",
        arguments: [
            ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"),
            ("Basic dGVzdDoxMjPCow==", "test", "123£"),
            ("basic  QWxhZGRpbjpvcGVuIHNlc2FtZQ== ", "Aladdin", "open sesame"), ("BASIC Og==", "", ""),
            ("Basic YTpiOmM=", "a", "b:c"),
        ])
    func basic(_ field: String, _ user: String, _ password: String) throws {
        let credentials = try #require(BasicCredentials(authorization: field))
        #expect(credentials.user == user)
        #expect(credentials.password == password)
        #expect(credentials.matches(user: user, password: password))
        #expect(!credentials.matches(user: user, password: password + "x"))
        #expect(!credentials.matches(user: user + "x", password: password))
        #expect(BasicCredentials(authorization: credentials.authorization)?.password == password)
    }

    @Test(
        "what are no basic credentials are none",
        arguments: [
            "", "Basic", "Basic ", "BasicOg==", "Bearer Og==", "Basic Og", "Basic YWJj", "Basic Og== Og==",
            "Basic /zo=",
            "Basic AAo6", "Basic OgA=", "Basic Ogk=", "Basic O g==", "Basic\tOg==", "Basic é",
        ])
    func notBasic(_ field: String) {
        #expect(BasicCredentials(authorization: field) == nil)
    }

    @Test("credentials that cannot be sent are refused, and passwords are not shown")
    func sending() throws {
        #expect(BasicCredentials(user: "a:b", password: "") == nil)
        #expect(BasicCredentials(user: "a", password: "\n") == nil)
        let credentials = try #require(BasicCredentials(user: "Aladdin", password: "open sesame"))
        #expect(credentials.authorization == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
        var shown = "\(credentials) \(String(reflecting: credentials))"
        dump(credentials, to: &shown)
        #expect(!shown.contains("sesame") && shown.contains("Aladdin"))
    }

    @Test(
        "bearer tokens are read",
        arguments: [
            ("Bearer mF_9.B5f-4.1JqM", "mF_9.B5f-4.1JqM"), ("bearer a+/~=", "a+/~="), ("Bearer a==", "a=="),
            ("Bearer", nil),
            ("Bearer =", nil), ("Bearer a b", nil), ("Bearer a=b", nil), ("Bearer \"a\"", nil), ("Basic a", nil),
            ("Bearer é", nil),
        ] as [(String, String?)])
    func bearer(_ field: String, _ value: String?) {
        let token = BearerToken(authorization: field)
        #expect(token?.value == value)
        #expect(value == nil || token?.matches(value ?? "") == true)
        #expect(token?.matches("x") != true)
        if let token { #expect(!"\(token) \(String(reflecting: token))".contains(token.value)) }
    }

    @Test("challenges are written with quoted realms")
    func challenges() {
        #expect(Challenge.basic(realm: "foo").description == "Basic realm=\"foo\", charset=\"UTF-8\"")
        #expect(
            Challenge.basic(realm: "a\"b\\\r\nX: é").description
                == "Basic realm=\"a\\\"b\\\\  X: é\", charset=\"UTF-8\"")
        #expect(Challenge.bearer(realm: "example").description == "Bearer realm=\"example\"")
        let refusal = Challenge.bearer(
            realm: "example", failure: .invalidToken, explanation: "The access token expired", scope: "read write")
        #expect(
            refusal.description == "Bearer realm=\"example\", error=\"invalid_token\", "
                + "error_description=\"The access token expired\", scope=\"read write\"")
        #expect(Challenge(scheme: "Negotiate", parameters: [])?.description == "Negotiate")
        #expect(Challenge(scheme: "a b", parameters: []) == nil)
    }

    @Test("comparison in constant time compares all bytes")
    func constantTime() {
        for (left, right) in [
            ("", ""), ("a", "a"), ("abc", "abc"), ("abc", "abd"), ("abc", "xbc"), ("abc", "ab"), ("é", "e\u{301}"),
        ] {
            #expect(constantTimeEquals(left, right) == left.utf8.elementsEqual(right.utf8))
        }
    }
}
