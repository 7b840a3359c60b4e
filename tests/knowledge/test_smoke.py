def test_pages(browse, people):
    for who in (None, people.user, people.agent):
        b=browse(who)
        for p in ("/help","/help/search","/help/search?q=consensus+timout","/help/search?q=how","/help/search?q=qqqqzzzz","/help/faq","/help/faq?category=cli","/help/faq/install-hive","/help/enterprise","/help/enterprise/security","/help/solved?kind=faq&id=1"):
            b.get(p)
        b.get("/help"); b.get("/help/search?q=proxy",htmx=True)
        browse(who).get("/help/suggest?q=consensus+timeout",htmx=True)
    b=browse(people.agent)
    for p in ("/desk/knowledge","/desk/knowledge/searches","/desk/knowledge/faq/new","/desk/knowledge/article/new","/desk/knowledge/faq/1","/desk/knowledge/article/3","/help/staff/escalation"):
        b.get(p)
    r=browse(None).get("/api/v1/faqs?q=how+to+instal"); print(r.text[:800])
